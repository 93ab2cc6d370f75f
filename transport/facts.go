package transport

import "github.com/roomlog/chat"

// PostOf takes the fields of a post.
func PostOf(o *Object) chat.MessagePosted {
	kind, _ := o.OptionalString("kind")
	f := chat.MessagePosted{
		MessageKind: kind, ReplyTo: o.OptionalID("reply_to"), Thread: o.OptionalID("thread"),
		Mentions: o.Strings("mentions"), Attachments: o.Raw("attachments"), Meta: o.Raw("meta"),
	}
	if f.Attachments == nil { // what a picture may go without
		f.Text = o.String("text")
	} else {
		f.Text, _ = o.OptionalString("text")
	}
	return f
}

// EditOf takes the fields of an edit, but for the message.
func EditOf(o *Object) chat.MessageEdited {
	return chat.MessageEdited{Text: o.String("text"), Mentions: o.Strings("mentions")}
}

// CreateOf takes the fields that describe a new room, but for its id.
func CreateOf(o *Object) chat.RoomCreated {
	kind, _ := o.OptionalString("kind")
	title, _ := o.OptionalString("title")
	topic, _ := o.OptionalString("topic")
	slow, _ := o.OptionalInt("slow_mode_s")
	history, _ := o.OptionalString("history")
	receipts, _ := o.OptionalBool("receipts")
	return chat.RoomCreated{
		RoomKind: chat.RoomKind(kind), Title: title, Topic: topic, SlowMode: slow,
		History: chat.Visibility(history), Receipts: receipts, Meta: o.Raw("meta"), Members: o.Users("members"),
	}
}

// ChangeOf takes the fields of a change of a room: archiving is a fact of its
// own, and goes alone.
func ChangeOf(o *Object) chat.Fact {
	var f chat.RoomChanged
	any := false
	if archived, ok := o.OptionalBool("archived"); ok {
		f.Archived, any = &archived, true
	}
	if kind, ok := o.OptionalString("kind"); ok {
		f.RoomKind, any = chat.RoomKind(kind), true
		if kind == "" {
			o.fail(chat.ErrInvalidField, "kind is empty")
		}
	}
	if title, ok := o.OptionalString("title"); ok {
		f.Title, any = &title, true
	}
	if topic, ok := o.OptionalString("topic"); ok {
		f.Topic, any = &topic, true
	}
	if slow, ok := o.OptionalInt("slow_mode_s"); ok {
		f.SlowMode, any = &slow, true
	}
	if receipts, ok := o.OptionalBool("receipts"); ok {
		f.Receipts, any = &receipts, true
	}
	if history, ok := o.OptionalString("history"); ok {
		f.History, any = chat.Visibility(history), true
		if history == "" {
			o.fail(chat.ErrInvalidField, "history is empty")
		}
	}
	if f.Meta = o.Raw("meta"); f.Meta != nil {
		any = true
	}
	if !any {
		o.fail(chat.ErrInvalidField, "there is nothing to change")
	}
	if f.Archived == nil || !*f.Archived {
		return f
	}
	if f.RoomKind != "" || f.Title != nil || f.Topic != nil || f.SlowMode != nil || f.History != "" || f.Meta != nil {
		o.fail(chat.ErrInvalidField, "archiving goes alone: change the room first")
	}
	return chat.RoomArchived{}
}

// MemberOf takes what makes a user a member, or gives a member another role: the
// fields "role" and "name". Of oneself it is a join where no role is named, and
// else a change of one's role.
func MemberOf(o *Object, by chat.User, id string) chat.Fact {
	who := NamedOf(o, by, id)
	role, named := o.OptionalString("role")
	if named && role == "" {
		o.fail(chat.ErrInvalidField, "role is empty")
	}
	switch {
	case who.ID != by.ID:
		return chat.UserJoined{Member: who, Role: chat.Role(role)}
	case named:
		return chat.RoleChanged{Member: who, Role: chat.Role(role)}
	}
	return chat.UserJoined{}
}

// NamedOf takes the field "name" of a user who is known by their id, which must
// not be empty. Oneself is known by name.
func NamedOf(o *Object, by chat.User, id string) chat.User {
	if id == "" {
		o.fail(chat.ErrInvalidField, "the id of the user is empty")
	}
	name, _ := o.OptionalString("name")
	if id == by.ID {
		return by
	}
	return chat.User{ID: id, Name: name}
}
