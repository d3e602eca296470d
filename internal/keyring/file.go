package keyring

import (
	"bytes"
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
	"time"

	"sallyport"
)

// The key file is text: comments, and for each key a line of prefix, key and checksum, and when it was made; the oldest
// first. The checksum tells a key that was garbled on its way through a password manager from a key of another
// installation. Once the first key was dropped, a line keeps what stays of it.
const (
	linePrefix  = "sallyport-key-1:"
	marksPrefix = "sallyport-marks-1:"
	sumSize     = 4
	maxFile     = 4096 // bytes
	maxKeys     = 16
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
	r := newRing(newKey(fresh(), time.Now().UTC().Truncate(time.Second)))
	if err := create(path, r.held.Load().text()); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return nil, sallyport.E(sallyport.Conflict, "key_exists", "There is a key file already: "+path).Because(err)
		}
		return nil, unwritable(path, err)
	}
	return r, nil
}

// create writes a new file that is whole as soon as it has its name: half a key would be refused at every start, for nobody
// could tell it from one that was lost.
func create(path, text string) error {
	if _, err := os.Lstat(path); err == nil {
		return fs.ErrExist
	}
	fresh := path + "." + sallyport.NewID() + ".new"
	if err := write(fresh, text); err != nil {
		var at *fs.PathError
		if errors.As(err, &at) {
			at.Path = path // the name that somebody knows
		}
		return err
	}
	linked := os.Link(fresh, path) // unlike a rename it puts nothing in the place of another's
	err := os.Remove(fresh)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // Tidy was here before
		return errors.Join(linked, err)
	}
	if linked != nil && !errors.Is(linked, fs.ErrExist) { // a file system without links
		return write(path, text)
	}
	return errors.Join(linked, syncFolder(filepath.Dir(path)))
}

// Tidy removes the second name of a key file, which a process that was killed while it made the key has left beside it. After a
// rotation it would still be the old one.
func Tidy(path string) {
	info, err := os.Stat(path)
	if err != nil {
		return
	}
	folder, name := filepath.Split(path)
	entries, _ := os.ReadDir(filepath.Clean(folder))
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), name+".") || !strings.HasSuffix(e.Name(), ".new") {
			continue
		}
		if other, err := os.Lstat(filepath.Join(folder, e.Name())); err == nil && os.SameFile(info, other) {
			_ = os.Remove(filepath.Join(folder, e.Name())) // or at the next start
		}
	}
}

func unwritable(path string, err error) error {
	return sallyport.E(sallyport.Unavailable, "key_unwritable", "The key file cannot be written: "+path).Because(err)
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

// Load reads a key file; its newest key seals, until Use names another. It refuses what is missing (kind NotFound), what
// anybody but the owner may read or write, and what is not exactly a file of keys (both Invalid), and says which. A systemd
// credential is not refused for its group's bit to read.
func Load(path string) (*Ring, error) {
	h, err := load(path)
	if err != nil {
		return nil, err
	}
	r := &Ring{}
	r.held.Store(h)
	return r, nil
}

func load(path string) (*held, error) {
	text, err := read(path)
	if err != nil {
		return nil, err
	}
	h, reason := parse(text)
	if reason != "" {
		return nil, sallyport.E(sallyport.Invalid, "key_garbled", fmt.Sprintf("The key file %s %s.", path, reason))
	}
	return h, nil
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
	if mode := info.Mode().Perm(); mode&0o077 != 0 && (mode&0o037 != 0 || !handed(path)) {
		return nil, sallyport.E(sallyport.Invalid, "key_mode",
			fmt.Sprintf("The key file %s has mode %04o: others than its owner can reach it. Set it to 0600.", path, mode))
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, unreadable.Because(err)
	}
	return text, nil
}

// handed reports whether systemd hands path to this service (LoadCredential=). A service's user may read such a file by an
// entry of its access list, whose mask stands where the group's bits do; nobody else can enter the folder.
func handed(path string) bool {
	folder := os.Getenv("CREDENTIALS_DIRECTORY")
	return folder != "" && filepath.Dir(path) == filepath.Clean(folder)
}

// parse reads the keys in text, or says in words what is wrong with it, never quoting it.
func parse(text []byte) (h *held, reason string) {
	if len(text) > maxFile {
		return nil, "is too long to be one"
	}
	h = &held{}
	for l := range bytes.Lines(text) {
		l = bytes.TrimSpace(l)
		if len(l) == 0 || l[0] == '#' {
			continue
		}
		if reason := h.take(string(l)); reason != "" {
			return nil, reason
		}
	}
	if n := len(h.keys); n == 0 || n > maxKeys {
		return nil, fmt.Sprintf("must hold at least one key and at most %d, and holds %d", maxKeys, n)
	}
	h.sealing = h.keys[len(h.keys)-1]
	if h.marks.root == nil {
		h.marks = h.keys[0].marks()
	}
	return h, ""
}

// take adds what one line says.
func (h *held) take(line string) (reason string) {
	if body, ok := strings.CutPrefix(line, marksPrefix); ok {
		raw, reason := decode(marksPrefix, body, idSize+keySize)
		if reason == "" && h.marks.root != nil {
			reason = "holds two lines that begin with " + marksPrefix
		}
		if reason == "" {
			h.marks = marks{[idSize]byte(raw), raw[idSize:]}
		}
		return reason
	}
	body, ok := strings.CutPrefix(line, linePrefix)
	if !ok {
		return "holds a line that does not begin with " + linePrefix
	}
	body, when, dated := strings.Cut(body, " ")
	secret, reason := decode(linePrefix, body, keySize)
	if reason != "" {
		return reason
	}
	var made time.Time
	if dated {
		var err error
		if made, err = time.Parse(time.RFC3339, strings.TrimSpace(when)); err != nil {
			return "is garbled: what stands behind a key is not when it was made"
		}
	}
	k := newKey(secret, made)
	if _, twice := h.find(k.id); twice {
		return "holds one key twice"
	}
	h.keys = append(h.keys, k)
	return ""
}

func decode(prefix, body string, size int) (secret []byte, reason string) {
	raw, err := encoding.DecodeString(body)
	if err != nil || len(raw) != size+sumSize {
		return nil, "is garbled: the key has not the right length or letters"
	}
	secret = raw[:size:size]
	if !bytes.Equal(raw[size:], checksum(prefix, secret)) {
		return nil, "is garbled: the key does not fit its checksum"
	}
	return secret, ""
}

// text is the whole file.
func (h *held) text() string {
	out := heading
	if first := h.keys[0].marks(); first.id != h.marks.id {
		out += line(marksPrefix, append(bytes.Clone(h.marks.id[:]), h.marks.root...)) + "\n"
	}
	for _, k := range h.keys {
		out += line(linePrefix, k.secret)
		if !k.made.IsZero() {
			out += " " + k.made.Format(time.RFC3339)
		}
		out += "\n"
	}
	return out
}

func line(prefix string, secret []byte) string {
	return prefix + encoding.EncodeToString(append(bytes.Clone(secret), checksum(prefix, secret)...))
}

func checksum(prefix string, secret []byte) []byte {
	h := sha256.Sum256(append([]byte(prefix), secret...))
	return h[:sumSize]
}
