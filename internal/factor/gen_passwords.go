//go:build ignore

// Gen_passwords writes passwords.txt: every entry of the npm package @zxcvbn-ts/language-common that has 8 characters or
// more, for nothing shorter can be a password here, sorted for a binary search. It needs npm on the path.
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

const (
	source = "@zxcvbn-ts/language-common@4.1.3"
	digest = "bf3027c16c069d7877e25dc8751bc819e10e479afcc5ee1a323eb2ab73129ca9"
	least  = 8 // characters
)

func main() {
	log.SetFlags(0)
	files, err := fetch()
	if err != nil {
		log.Fatal(err)
	}
	var all []string
	if err := json.Unmarshal(files["package/src/passwords.json"], &all); err != nil {
		log.Fatal(err)
	}
	text := notice(files["package/LICENSE.txt"]) + strings.Join(pick(all), "\n") + "\n"
	if err := os.WriteFile("passwords.txt", []byte(text), 0o644); err != nil {
		log.Fatal(err)
	}
}

// pick keeps what is long enough, in the form in which passwords are looked up.
func pick(all []string) []string {
	var kept []string
	for _, p := range all {
		if p = strings.ToLower(strings.TrimSpace(p)); len([]rune(p)) >= least && !strings.HasPrefix(p, "#") {
			kept = append(kept, p)
		}
	}
	slices.Sort(kept)
	return slices.Compact(kept)
}

func notice(licence []byte) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Common passwords of %d characters or more, from %s by gen_passwords.go, under this licence:\n#\n", least, source)
	for l := range strings.Lines(strings.TrimSpace(string(licence)) + "\n") {
		b.WriteString(strings.TrimRight("# "+l, " \r\n") + "\n")
	}
	return b.String()
}

// fetch downloads the package and unpacks it in memory, after comparing its SHA-256.
func fetch() (map[string][]byte, error) {
	folder, err := os.MkdirTemp("", "passwords")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	cmd := exec.Command("npm", "pack", "--silent", source)
	cmd.Dir, cmd.Stderr = folder, os.Stderr
	name, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	packed, err := os.ReadFile(filepath.Join(folder, strings.TrimSpace(string(name))))
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(packed); hex.EncodeToString(sum[:]) != digest {
		return nil, fmt.Errorf("%s has SHA-256 %x", source, sum)
	}
	return unpack(packed)
}

func unpack(packed []byte) (map[string][]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		if files[h.Name], err = io.ReadAll(r); err != nil {
			return nil, err
		}
	}
}
