package main

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// tokenKey returns the key that signs tokens: that of the flag, which is the
// key itself or names a file that holds it, or else the one that is kept in the
// file beside the database, where it is made the first time. So tokens outlive
// a restart.
func tokenKey(given, kept string) ([]byte, error) {
	if given == "" {
		return keptKey(kept)
	}
	if _, err := os.Stat(given); err != nil { // no file has that name
		return digest([]byte(given)), nil
	}
	text, err := os.ReadFile(given)
	if err != nil {
		return nil, fmt.Errorf("read secret: %w", err)
	}
	if len(text) == 0 {
		return nil, fmt.Errorf("secret file %s is empty", given)
	}
	return digest(text), nil
}

// keptKey reads the key from the file, or makes both.
func keptKey(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		text = []byte(rand.Text())
		err = writeSecret(path, text)
	}
	if err != nil {
		return nil, fmt.Errorf("keep secret: %w", err)
	}
	if len(text) == 0 {
		return nil, fmt.Errorf("secret file %s is empty: remove it and a new one is made", path)
	}
	return digest(text), nil
}

// writeSecret writes a file that only the owner can read, all of it or nothing:
// a cut half way must not leave a key that could be guessed.
func writeSecret(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// digest makes a key of any text.
func digest(text []byte) []byte {
	sum := sha256.Sum256(text)
	return sum[:]
}
