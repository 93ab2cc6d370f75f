package store

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
	"time"
	"unsafe"
)

// The stored form of a record, version 1, all numbers big-endian. Its key in
// the log bucket is the id.
//
//	 0  u32  CRC-32C over id ‖ everything from byte 4
//	 4  u8   version of the form: 1
//	 5  u8   flags: 1 erased, 2 lane Others, 4 ends its room
//	 6  u32  link: CRC-32C over the previous record's link ‖ id ‖ prev ‖ room ‖ type
//	10  i64  time of the commit, Unix milliseconds
//	18  16   prev: id of the room's previous record, zero for its first
//	34  u8   bytes of room id
//	35  u8   bytes of type
//	36  u8   bytes of user id
//	37  u8   bytes of key
//	38  u16  bytes of user name
//	40       room id, type, user id, key, user name, body
//
// The link leaves the body out, so that an erased record still verifies.
const (
	recordVersion = 1
	recordHeader  = 40

	flagErased = 1
	flagOthers = 2
	flagEnds   = 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// encodeDraft lays a draft out as a record whose id, time, prev, link and
// checksum are blank. It fails where a field is longer than the form can hold.
func encodeDraft(d *Draft) ([]byte, error) {
	if len(d.Room) > 255 || len(d.Type) > 255 || len(d.UserID) > 255 || len(d.Key) > 255 || len(d.UserName) > 65535 {
		return nil, fmt.Errorf("draft of type %.40q: a field is too long", d.Type)
	}
	if strings.IndexByte(d.Key, 0) >= 0 { // it ends the key in a row
		return nil, fmt.Errorf("draft of type %.40q: a NUL in the idempotency key", d.Type)
	}
	n := recordHeader + len(d.Room) + len(d.Type) + len(d.UserID) + len(d.Key) + len(d.UserName)
	rec := make([]byte, recordHeader, n+len(d.Body))
	rec[4] = recordVersion
	if d.Lane == Others {
		rec[5] |= flagOthers
	}
	if d.Ends {
		rec[5] |= flagEnds
	}
	rec[34], rec[35], rec[36], rec[37] = byte(len(d.Room)), byte(len(d.Type)), byte(len(d.UserID)), byte(len(d.Key))
	binary.BigEndian.PutUint16(rec[38:], uint16(len(d.UserName)))
	rec = append(rec, d.Room...)
	rec = append(rec, d.Type...)
	rec = append(rec, d.UserID...)
	rec = append(rec, d.Key...)
	rec = append(rec, d.UserName...)
	if d.IDAt < 0 || d.IDAt+26 > len(d.Body) || d.TimeAt < 0 || d.TimeAt+24 > len(d.Body) {
		return nil, fmt.Errorf("draft of type %.40q: no room for id and time in the body", d.Type)
	}
	return append(rec, d.Body...), nil
}

// bodyOffset is where the body of a record begins.
func bodyOffset(rec []byte) int {
	return recordHeader + int(rec[34]) + int(rec[35]) + int(rec[36]) + int(rec[37]) + int(binary.BigEndian.Uint16(rec[38:]))
}

// fill writes the blanks of an encoded draft: everything that only the
// committer knows.
func fill(rec []byte, idAt, timeAt int, id, prev ID, prevLink uint32, at int64, atText []byte) {
	body := rec[bodyOffset(rec):]
	_ = id.MarshalTextTo(body[idAt : idAt+26]) // fails on a short buffer only
	copy(body[timeAt:timeAt+24], atText)
	binary.BigEndian.PutUint64(rec[10:], uint64(at))
	copy(rec[18:34], prev[:])
	binary.BigEndian.PutUint32(rec[6:], linkOf(prevLink, id, prev, namesOf(rec)))
	seal(rec, id)
}

// linkOf continues a room's chain by one record. names is room id ‖ type.
func linkOf(prevLink uint32, id, prev ID, names []byte) uint32 {
	var head [36]byte
	binary.BigEndian.PutUint32(head[:], prevLink)
	copy(head[4:], id[:])
	copy(head[20:], prev[:])
	return crc32.Update(crc32.Checksum(head[:], castagnoli), castagnoli, names)
}

// linkAfter is what the link of a record must be after one with prevLink.
func (r *Record) linkAfter(prevLink uint32) uint32 {
	// Room and type stand side by side in every stored record.
	names := unsafe.Slice(unsafe.StringData(r.Room), len(r.Room)+len(r.Type))
	return linkOf(prevLink, r.ID, r.Prev, names)
}

// prevOf and linkIn read the chain fields of a record.
func prevOf(rec []byte) (id ID) { return ID(rec[18:34]) }
func linkIn(rec []byte) uint32  { return binary.BigEndian.Uint32(rec[6:]) }

// namesOf is room id ‖ type of a record.
func namesOf(rec []byte) []byte { return rec[recordHeader : recordHeader+int(rec[34])+int(rec[35])] }

// seal writes the checksum of a record.
func seal(rec []byte, id ID) { binary.BigEndian.PutUint32(rec, checksum(rec, id)) }

func checksum(rec []byte, id ID) uint32 {
	return crc32.Update(crc32.Checksum(id[:], castagnoli), castagnoli, rec[4:])
}

// checkRecord checks that a stored record is whole.
func checkRecord(id ID, rec []byte) error {
	if len(rec) < recordHeader || binary.BigEndian.Uint32(rec) != checksum(rec, id) {
		return fmt.Errorf("record %s: wrong checksum: %w", id, ErrDamaged)
	}
	if rec[4] != recordVersion {
		return fmt.Errorf("record %s: form %d: %w", id, rec[4], ErrVersion)
	}
	if bodyOffset(rec) > len(rec) {
		return fmt.Errorf("record %s: lengths exceed the record: %w", id, ErrDamaged)
	}
	return nil
}

// decode checks a stored record and points r into it. rec must not change
// for as long as r is in use.
func decode(r *Record, id ID, rec []byte) error {
	if err := checkRecord(id, rec); err != nil {
		return err
	}
	split(r, id, rec)
	return nil
}

// split points r into a record that has been checked.
func split(r *Record, id ID, rec []byte) {
	body := bodyOffset(rec)
	r.ID = id
	copy(r.Prev[:], rec[18:34])
	r.link = binary.BigEndian.Uint32(rec[6:])
	r.At = time.UnixMilli(int64(binary.BigEndian.Uint64(rec[10:]))).UTC()
	r.Erased = rec[5]&flagErased != 0
	r.Ends = rec[5]&flagEnds != 0
	r.Lane = Messages
	if rec[5]&flagOthers != 0 {
		r.Lane = Others
	}
	// The strings stand one behind the other in memory that nobody changes.
	names := unsafe.String(unsafe.SliceData(rec), body)[recordHeader:]
	r.Room, names = names[:rec[34]], names[rec[34]:]
	r.Type, names = names[:rec[35]], names[rec[35]:]
	r.UserID, names = names[:rec[36]], names[rec[36]:]
	r.Key, names = names[:rec[37]], names[rec[37]:]
	r.UserName = names
	r.Body = rec[body:len(rec):len(rec)]
}

// erased returns the record with another body and the mark of an erased one.
// Header, link and place stay.
func erased(rec []byte, id ID, body []byte) []byte {
	at := bodyOffset(rec)
	out := make([]byte, at, at+len(body))
	copy(out, rec)
	out = append(out, body...)
	out[5] |= flagErased
	seal(out, id)
	return out
}

// appendTime writes a time as the wire wants it: UTC, RFC 3339, three decimals.
func appendTime(b []byte, ms int64) []byte {
	return time.UnixMilli(ms).UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
}
