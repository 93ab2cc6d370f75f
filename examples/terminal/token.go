package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/roomlog/chat/client"
)

// tokenFile holds the token of a guest. One who can read it can be that guest.
type tokenFile string

// keptToken is the file of a name at a server, in the user's folder for settings.
func keptToken(url, name string) (tokenFile, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("no place to keep the token: %w; give one with -token", err)
	}
	return tokenFile(kept(dir, strings.TrimSuffix(url, "/")+"\n"+name) + ".token"), nil
}

// keptOutbox is where unsent messages to a server are kept, in the user's folder for
// settings; nil if there is none.
func keptOutbox(url string) client.Storage {
	dir, err := os.UserConfigDir()
	if err != nil {
		return nil
	}
	return client.Dir(kept(dir, strings.TrimSuffix(url, "/")) + ".outbox")
}

// kept is the path of what is kept under a name, whatever that holds.
func kept(dir, name string) string {
	sum := sha256.Sum256([]byte(name))
	return filepath.Join(dir, "roomlog-terminal", hex.EncodeToString(sum[:8]))
}

// read returns the token, or nothing if there is none.
func (f tokenFile) read() (string, error) {
	text, err := os.ReadFile(string(f))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read token: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// write keeps a token, for the user alone: all of it or nothing.
func (f tokenFile) write(token string) error {
	dir := filepath.Dir(string(f))
	err := os.MkdirAll(dir, 0o700)
	if err != nil {
		return fmt.Errorf("keep token: %w", err)
	}
	file, err := os.CreateTemp(dir, "new-*") // mode 0600
	if err != nil {
		return fmt.Errorf("keep token: %w", err)
	}
	defer os.Remove(file.Name())
	_, err = file.WriteString(token + "\n")
	err = errors.Join(err, file.Close())
	if err == nil {
		err = os.Rename(file.Name(), string(f))
	}
	if err != nil {
		return fmt.Errorf("keep token: %w", err)
	}
	return nil
}
