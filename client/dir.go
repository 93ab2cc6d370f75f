package client

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Dir is a Storage in a directory, which is made when it is needed: a file for each
// message, to be read by the user of the system alone. It is of one server: users of
// others may have the same ids. Clients of several users may share one. Clients of one
// user may, too: what one of them leaves the next one sends.
type Dir string

// storedFile ends the name of a file that is whole.
const storedFile = ".json"

func (d Dir) path(room, key string) string {
	sum := sha256.Sum256([]byte(room + "\n" + key)) // names of any length, and of any case
	return filepath.Join(string(d), hex.EncodeToString(sum[:16])+storedFile)
}

// Load reads all files. One that cannot be read is an error which names it.
func (d Dir) Load() ([]Stored, error) {
	files, err := os.ReadDir(string(d))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var all []Stored
	for _, file := range files {
		if filepath.Ext(file.Name()) != storedFile {
			continue
		}
		name := filepath.Join(string(d), file.Name())
		text, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) { // another client has sent it just now
			continue
		}
		var s Stored
		if err == nil {
			err = json.Unmarshal(text, &s)
		}
		if err != nil {
			return nil, fmt.Errorf("message in %s: %w", name, err)
		}
		all = append(all, s)
	}
	return all, nil
}

// Put writes a file: all of it or nothing, also where the machine stops.
func (d Dir) Put(s Stored) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(string(d), 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(string(d), "new-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // unless it has its name by then
	_, err = file.Write(text)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), d.path(s.Room, s.Key))
}

// Remove removes a file.
func (d Dir) Remove(room, key string) error {
	err := os.Remove(d.path(room, key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
