package account_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/store"
)

// drawn is a picture that does not compress to nothing.
func drawn(w, h int) image.Image {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		m.SetRGBA(i%w, i/w, color.RGBA{uint8(i * 7), uint8(i * i), uint8(i / w), 255})
	}
	return m
}

func pngOf(t testing.TB, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, drawn(w, h)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func jpegOf(t testing.TB, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, drawn(w, h), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func stored(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestLogoIsSetChangedAndRemoved(t *testing.T) {
	h := newHouse(t)
	actor := h.session(h.add(sallyport.SuperAdmin))
	if l, err := h.Logo(ctx); l != nil || err != nil {
		t.Fatalf("before: %v, %v", l, err)
	}
	n := len(h.events())
	for _, file := range [][]byte{pngOf(t, 120, 40), jpegOf(t, 16, 64), stored(t, "lossy.webp"), stored(t, "lossless.webp"), stored(t, "alpha.webp")} {
		before, _ := h.Logo(ctx)
		set, err := h.SetLogo(ctx, actor, file)
		if err != nil {
			t.Fatal(err)
		}
		l, err := h.Logo(ctx)
		if err != nil || !bytes.Equal(l.File, file) || l.String() != set.String() {
			t.Fatalf("%v, %v", l, err)
		}
		e := h.events()[n]
		n++
		if len(h.events()) != n || e.Type != "policy.changed" || e.ActorName != actor.Name || e.Before["logo"] != before.String() || e.After["logo"] != l.String() {
			t.Errorf("%d events, the last %+v", len(h.events()), e)
		}
		if _, err := h.SetLogo(ctx, actor, file); err != nil || len(h.events()) != n {
			t.Errorf("the same again: %v, events %v", err, h.since(n))
		}
		for range 2 { // read, and remembered
			if name, l, err := h.second().House(ctx); err != nil || name != sallyport.DefaultSettings().Organisation || l.String() != set.String() {
				t.Errorf("at the door: %q, %v, %v", name, l, err)
			}
		}
		// Another process that opens the folder later finds the same.
		if l, err := h.over(store.For[account.Tx](h.db)).Logo(ctx); err != nil || l.String() != set.String() {
			t.Errorf("stored: %v, %v", l, err)
		}
	}
	for range 2 {
		if err := h.RemoveLogo(ctx, actor); err != nil {
			t.Fatal(err)
		}
	}
	if l, err := h.Logo(ctx); l != nil || err != nil || len(h.events()) != n+1 || h.events()[n].After["logo"] != "none" {
		t.Errorf("removed: %v, %v, %v", l, err, h.since(n))
	}
	if _, l, err := h.second().House(ctx); l != nil || err != nil {
		t.Errorf("still at the door: %v, %v", l, err)
	}
}

func TestLogoNeedsPermissionAndFreshProof(t *testing.T) {
	h := newHouse(t)
	file := pngOf(t, 64, 64)
	super := h.add(sallyport.SuperAdmin)
	old := h.session(super)
	refusals := map[string]sallyport.Actor{"unauthorized": {Kind: sallyport.ActorNobody}, "step_up": old}
	for _, role := range sallyport.BuiltInRoles[1:] {
		refusals["forbidden "+string(role.ID)] = h.session(h.add(role.ID))
	}
	h.clock.Add(h.settings().StepUpAfter + time.Second)
	n := len(h.events())
	for name, actor := range refusals {
		want, _, _ := strings.Cut(name, " ")
		if _, err := h.SetLogo(ctx, actor, file); code(err) != want {
			t.Errorf("%s: set: %v", name, err)
		}
	}
	if l, err := h.Logo(ctx); l != nil || err != nil || !slices.Equal(h.since(n), slices.Repeat([]string{"save.refused"}, len(refusals)-2)) {
		t.Errorf("changed all the same: %v, %v, %v", l, err, h.since(n)) // all but who is not signed in, or has to prove himself again
	}
	if _, err := h.SetLogo(ctx, host, file); err != nil {
		t.Fatalf("the host: %v", err)
	}
	for name, actor := range refusals {
		want, _, _ := strings.Cut(name, " ")
		if err := h.RemoveLogo(ctx, actor); code(err) != want {
			t.Errorf("%s: remove: %v", name, err)
		}
	}
	if l, err := h.Logo(ctx); l == nil || err != nil {
		t.Errorf("removed all the same: %v", err)
	}
	// Who may not change it does not learn what is wrong with the file.
	if _, err := h.SetLogo(ctx, refusals["unauthorized"], []byte("x")); code(err) != "unauthorized" {
		t.Error(err)
	}
}

func TestLogoRefusals(t *testing.T) {
	h := newHouse(t)
	actor := h.session(h.add(sallyport.SuperAdmin))
	small, webp := pngOf(t, 64, 64), stored(t, "lossy.webp")
	big := append(bytes.Clone(small), make([]byte, account.MaxLogo)...)
	longer := append(bytes.Clone(webp), "<script>"...)
	empty := bytes.Clone(webp[:30]) // a head alone: no picture behind it
	copy(empty[12:], "VP8X\x0a\x00\x00\x00\x00\x00\x00\x00\x3f\x00\x00\x3f\x00\x00")
	binary.LittleEndian.PutUint32(empty[4:], 22)
	files := map[string]struct {
		file []byte
		says string
	}{
		"nothing":          {nil, "empty"},
		"too many bytes":   {big, "at most 64 KiB"},
		"svg":              {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), "SVG is not accepted, because it can carry script"},
		"gif":              {[]byte("GIF89a\x40\x00\x40\x00\x00\x00\x00;"), "PNG, JPEG or WebP"},
		"html":             {[]byte("<!DOCTYPE html><script>alert(1)</script>"), "PNG, JPEG or WebP"},
		"a name alone":     {[]byte("\x89PNG\r\n\x1a\n"), "damaged"},
		"half a png":       {small[:len(small)/2], "damaged"},
		"half a jpeg":      {jpegOf(t, 64, 64)[:300], "damaged"},
		"half a webp":      {webp[:len(webp)/2], "damaged"},
		"more than a webp": {longer, "damaged"},
		"no picture":       {empty, "damaged"},
		"other riff":       {append([]byte("RIFF\x24\x00\x00\x00WAVE"), make([]byte, 40)...), "PNG, JPEG or WebP"},
		"too narrow":       {pngOf(t, 15, 64), "16 to 1024 pixels a side. This one has 15 by 64"},
		"too low":          {jpegOf(t, 64, 8), "64 by 8"},
		"too wide":         {stored(t, "wide.webp"), "1025 by 16"},
	}
	for name, c := range files {
		_, err := h.SetLogo(ctx, actor, c.file)
		if sallyport.KindOf(err) != sallyport.Invalid || !strings.Contains(field(err, "logo"), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A bomb: few bytes that say they are many pixels are refused before they are decoded.
	var bomb bytes.Buffer
	if err := png.Encode(&bomb, image.NewPaletted(image.Rect(0, 0, 6000, 6000), color.Palette{color.Black, color.White})); err != nil {
		t.Fatal(err)
	}
	if _, err := h.SetLogo(ctx, actor, bomb.Bytes()); !strings.Contains(field(err, "logo"), "6000 by 6000") {
		t.Error(err)
	}
	if l, err := h.Logo(ctx); l != nil || err != nil || !slices.Equal(h.since(0), slices.Repeat([]string{"save.refused"}, len(files)+1)) {
		t.Errorf("%v, %v, %v", l, err, h.since(0))
	}
}

// A page costs no look into the database, and a change that failed after its commit leaves no old picture behind.
func TestLogoIsAnsweredFromMemory(t *testing.T) {
	h := newHouse(t)
	s := &doubtful{Transactions: store.For[account.Tx](h.db)}
	service := h.over(s)
	for range 3 {
		if _, err := service.Logo(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if s.reads != 1 {
		t.Errorf("%d looks for three pages", s.reads)
	}
	s.after = errors.New("nobody knows whether that counted")
	if _, err := service.SetLogo(ctx, host, pngOf(t, 32, 32)); err == nil {
		t.Fatal("no error")
	}
	if l, err := service.Logo(ctx); l == nil || err != nil {
		t.Errorf("the old answer stays: %v", err)
	}
	// A look that a change overtook is not remembered.
	s.after = nil
	service = h.over(s)
	s.overtake = func() {
		if err := service.RemoveLogo(ctx, host); err != nil {
			t.Fatal(err)
		}
	}
	if l, _ := service.Logo(ctx); l == nil {
		t.Error("the look itself was to see the old logo")
	}
	if l, err := service.Logo(ctx); l != nil || err != nil {
		t.Errorf("the overtaken look was remembered: %v", err)
	}
}

// TestHouseIsKeptForAMoment: where many ask, what stands at the door is looked up once; an own change shows at once.
func TestHouseIsKeptForAMoment(t *testing.T) {
	h := newHouse(t)
	s, now := &doubtful{Transactions: store.For[account.Tx](h.db)}, time.Now()
	service := account.New(account.Options{Store: s, Keys: h.ring, Notices: h.letters, PublicURL: publicURL, Shared: true,
		Now: func() time.Time { return now }, HouseKept: time.Second})
	at := func(want string, looks int) {
		t.Helper()
		for range 3 {
			if name, _, err := service.House(ctx); name != want || err != nil {
				t.Errorf("%q, %v; want %q", name, err, want)
			}
		}
		if s.reads != looks {
			t.Errorf("%d looks, want %d", s.reads, looks)
		}
		s.reads = 0
	}
	at(sallyport.DefaultSettings().Organisation, 1)
	if _, err := service.SetPolicy(ctx, host, "organisation", "Northwind"); err != nil {
		t.Fatal(err)
	}
	s.reads = 0
	at("Northwind", 1)
	if _, err := h.SetPolicy(ctx, host, "organisation", "Southwind"); err != nil { // another node's
		t.Fatal(err)
	}
	at("Northwind", 0)
	now = now.Add(time.Second)
	at("Southwind", 1)
	if _, err := service.SetLogo(ctx, host, pngOf(t, 32, 32)); err != nil {
		t.Fatal(err)
	}
	if _, logo, err := service.House(ctx); logo == nil || err != nil {
		t.Errorf("the own logo: %v, %v", logo, err)
	}
	// A look that an own change overtook is not kept.
	now, s.reads = now.Add(time.Second), 0
	s.overtake = func() {
		if _, err := service.SetPolicy(ctx, host, "organisation", "Eastwind"); err != nil {
			t.Fatal(err)
		}
	}
	if name, _, _ := service.House(ctx); name != "Southwind" {
		t.Errorf("the look itself: %q", name)
	}
	s.reads = 0
	at("Eastwind", 1)
	s.fails = errors.New("away")
	now = now.Add(time.Second)
	if _, _, err := service.House(ctx); err == nil {
		t.Error("what is too old is taken where it cannot be looked up")
	}
}

// doubtful is a store whose commits may be followed by an error, and whose readings may be overtaken.
type doubtful struct {
	store.Transactions[account.Tx]
	reads    int
	after    error
	fails    error
	overtake func()
}

func (d *doubtful) Write(ctx context.Context, f func(account.Tx) error) error {
	if err := d.Transactions.Write(ctx, f); err != nil {
		return err
	}
	return d.after
}

func (d *doubtful) Read(ctx context.Context, f func(account.Tx) error) error {
	d.reads++
	if d.fails != nil {
		return d.fails
	}
	err := d.Transactions.Read(ctx, f)
	if overtake := d.overtake; overtake != nil {
		d.overtake = nil
		overtake()
	}
	return err
}

// settings are those in force.
func (h *house) settings() (s sallyport.Settings) {
	h.t.Helper()
	h.read(func(ctx context.Context, tx *store.Tx) (err error) {
		s, err = tx.Settings(ctx)
		return err
	})
	return s
}

func FuzzLogo(f *testing.F) {
	for _, name := range []string{"lossy.webp", "lossless.webp", "alpha.webp"} {
		f.Add(stored(f, name))
	}
	f.Add(pngOf(f, 20, 20))
	f.Add(jpegOf(f, 20, 20))
	h := newHouse(f)
	f.Fuzz(func(t *testing.T, file []byte) {
		l, err := h.SetLogo(ctx, host, file)
		if err != nil && sallyport.KindOf(err) != sallyport.Invalid {
			t.Fatal(err)
		}
		if err == nil && (l.Width < 16 || l.Width > 1024 || l.Height < 16 || l.Height > 1024 || len(file) > account.MaxLogo) {
			t.Errorf("%s was taken", l)
		}
	})
}
