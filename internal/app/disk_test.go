package app

import (
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"sallyport/internal/config"
)

// D11.16: SQLite's folder on another machine is refused, to the server and to commands; PostgreSQL's, which holds no database,
// is not, and neither is one on a disk of this machine.
func TestNetworkFolderIsRefused(t *testing.T) {
	t.Cleanup(func() { fileSystemOf = fileSystem })
	cfg := config.Config{Data: filepath.Join(t.TempDir(), "data"), Listen: "127.0.0.1:0", Operations: "127.0.0.1:0"}
	for kind, name := range map[uint32]string{
		0x6969: "NFS", 0x517B: "SMB", 0xFF534D42: "CIFS", 0xFE534D42: "SMB",
		0xEF53: "", 0x58465342: "", 0x9123683E: "", 0x2FC12FC1: "", 0x794C7630: "", 0x01021994: "", // ext4, XFS, Btrfs, ZFS, overlayfs, tmpfs
	} {
		fileSystemOf = func(string) (uint32, error) { return kind, nil }
		f, err := openData(cfg, true)
		if name == "" {
			if err != nil {
				t.Fatalf("%#x: %v", kind, err)
			}
			if err := f.close(); err != nil {
				t.Fatal(err)
			}
			continue
		}
		for who, err := range map[string]error{"serve": started(t, cfg), "a command": used(cfg)} {
			if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "PostgreSQL") || !strings.Contains(err.Error(), cfg.Data) {
				t.Errorf("%s, %#x: %v", who, kind, err)
			}
		}
		shared := cfg
		shared.Database = "postgres://db.example/sallyport"
		if err := used(shared); err != nil {
			t.Errorf("with PostgreSQL, %#x: %v", kind, err)
		}
	}
	away := errors.New("away")
	fileSystemOf = func(string) (uint32, error) { return 0, away }
	if err := used(cfg); !errors.Is(err, away) {
		t.Errorf("nobody knows which it is: %v", err)
	}
}

func used(cfg config.Config) error {
	f, err := openUsed(cfg)
	if err == nil {
		err = f.close()
	}
	return err
}

func started(t *testing.T, cfg config.Config) error {
	t.Helper()
	a, err := New(t.Context(), cfg, Options{Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err == nil {
		_ = a.Close()
	}
	return err
}
