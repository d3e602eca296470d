package keyring

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"sallyport"
)

// The key file is text: comments, and one line of prefix, key and checksum. The checksum tells a key that was garbled
// on its way through a password manager from a key of another installation.
const (
	linePrefix = "sallyport-key-1:"
	sumSize    = 4
	maxFile    = 4096 // bytes
)

const heading = `# The key of this Sallyport installation. It opens the secrets that are sealed in the database.
# Keep a copy of this file, but never beside a backup of the database: who holds both can read every secret.
# Without it no password and no second factor works any more. Mode 0600, owned by the user that runs Sallyport.
`

var (
	errShort    = errors.New("sealed value is too short")
	errVersion  = errors.New("sealed value has an unknown version")
	errOtherKey = errors.New("sealed with another key")

	encoding = base64.RawURLEncoding.Strict()
)

// Create makes a key and writes it to a new file of mode 0600, which is on the disk before it answers. A file that
// exists is left alone and answered with kind Conflict.
func Create(path string) (*Ring, error) {
	key := make([]byte, keySize)
	rand.Read(key)
	if err := write(path, heading+line(key)+"\n"); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return nil, sallyport.E(sallyport.Conflict, "key_exists", "There is a key file already: "+path).Because(err)
		}
		return nil, sallyport.E(sallyport.Unavailable, "key_unwritable", "The key file cannot be written: "+path).Because(err)
	}
	return newRing(key), nil
}

func write(path, text string) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(path) // ours, and half written
		}
	}()
	_, err = io.WriteString(f, text)
	if err == nil {
		err = f.Chmod(0o600) // whatever the umask took away
	}
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = syncFolder(filepath.Dir(path))
	}
	return err
}

// syncFolder makes the name of a new file survive a power cut.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// Load reads a key file. It refuses what is missing (kind NotFound), what anybody but the owner may read or write, and
// what is not exactly one key (both Invalid), and says which.
func Load(path string) (*Ring, error) {
	text, err := read(path)
	if err != nil {
		return nil, err
	}
	key, reason := parse(text)
	if reason != "" {
		return nil, sallyport.E(sallyport.Invalid, "key_garbled", fmt.Sprintf("The key file %s %s.", path, reason))
	}
	return newRing(key), nil
}

func read(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe in its place must not hang the start
	if errors.Is(err, fs.ErrNotExist) {
		return nil, sallyport.E(sallyport.NotFound, "key_missing", "There is no key file at "+path).Because(err)
	}
	unreadable := sallyport.E(sallyport.Unavailable, "key_unreadable", "The key file cannot be read: "+path)
	if err != nil {
		return nil, unreadable.Because(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, unreadable.Because(err)
	}
	if !info.Mode().IsRegular() {
		return nil, sallyport.E(sallyport.Invalid, "key_garbled", "The key file "+path+" is not a regular file.")
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, sallyport.E(sallyport.Invalid, "key_mode",
			fmt.Sprintf("The key file %s has mode %04o: others than its owner can reach it. Set it to 0600.", path, mode))
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, unreadable.Because(err)
	}
	return text, nil
}

// parse finds the one key in text, or says in words what is wrong with it, never quoting it.
func parse(text []byte) (key []byte, reason string) {
	if len(text) > maxFile {
		return nil, "is too long to be one"
	}
	var found [][]byte
	for l := range bytes.Lines(text) {
		l = bytes.TrimSpace(l)
		if len(l) > 0 && l[0] != '#' {
			found = append(found, l)
		}
	}
	if len(found) != 1 {
		return nil, fmt.Sprintf("must hold exactly one key, and holds %d", len(found))
	}
	body, ok := strings.CutPrefix(string(found[0]), linePrefix)
	if !ok {
		return nil, "does not begin with " + linePrefix
	}
	raw, err := encoding.DecodeString(body)
	if err != nil || len(raw) != keySize+sumSize {
		return nil, "is garbled: the key has not the right length or letters"
	}
	key = raw[:keySize:keySize]
	if !bytes.Equal(raw[keySize:], checksum(key)) {
		return nil, "is garbled: the key does not fit its checksum"
	}
	return key, ""
}

func line(key []byte) string {
	return linePrefix + encoding.EncodeToString(append(bytes.Clone(key), checksum(key)...))
}

func checksum(key []byte) []byte {
	h := sha256.Sum256(append([]byte(linePrefix), key...))
	return h[:sumSize]
}
