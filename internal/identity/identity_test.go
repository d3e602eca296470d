package identity

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"sallyport"
)

// field fails unless err is a refusal at that field with a sentence for people.
func field(t *testing.T, err error, name, typed string) {
	t.Helper()
	var e *sallyport.Error
	if !errors.As(err, &e) || e.Kind != sallyport.Invalid || len(e.Fields) != 1 || e.Fields[0].Name != name || !strings.HasSuffix(e.Message, ".") {
		t.Errorf("%q: %v", typed, err)
	}
}

// hostile holds what no field takes (D9.5): control characters, invalid UTF-8, surrogates, text that hides or turns.
var hostile = []string{"anna\x00b", "anna\x01b", "an\x1f na", "anna\x7fb", "anna\u0085b", "anna\xff", "\xed\xa0\x80anna", "anna\ufffd", "an\r\nna", "an\nna",
	"an\u2028na", "an\u2029na", "\u202eanna", "an\u2066na", "an\u200bna", "an\ufeffna", "an\u00adna", "an\u2060na", "an\ufe0fna", "an\ue000na", "an\U000e0041na", "an\u115fna", "an\u0378na", "", " ", "\t\n"}

func TestD9_5(t *testing.T) {
	for _, typed := range hostile {
		_, _, _, err := UserName(typed)
		field(t, err, "user_name", typed)
		_, err = PersonName(typed)
		field(t, err, "name", typed)
		_, err = Email(typed)
		field(t, err, "email", typed)
		if strings.TrimSpace(typed) != "" {
			_, err = Email(typed + "@example.org")
			field(t, err, "email", typed)
			_, err = Email("anna@" + typed + ".org")
			field(t, err, "email", typed)
		}
		_, err = Phone(typed, "DE")
		field(t, err, "phone", typed)
	}
}

// TestD9_1 types what looks like admin, or is admin in another spelling.
func TestD9_1(t *testing.T) {
	_, admin, looks, err := UserName("admin")
	if err != nil {
		t.Fatal(err)
	}
	for _, typed := range []string{"Admin", "ADMIN", " admin ", "admin\u00a0", "ａｄｍｉｎ", "admin\n"} {
		if _, key, skeleton, err := UserName(typed); err != nil || key != admin || skeleton != looks {
			t.Errorf("%q: key %q, skeleton %q, %v", typed, key, skeleton, err)
		}
	}
	for _, typed := range []string{"\u0430dmin", "Аdmin", "αdmin", "Αdmin", "adm\u0456n", "adm\u0131n", "ad\u043cin", "adMin", "АDМІN", "ΑDΜΙΝ", "ɑdmin", "ad\u1d0din", "adrnin", "admi\u0578", "\u0251dmin", "admin\u0307"[:5], "adm\u0131\u0307n"} {
		if _, _, skeleton, err := UserName(typed); err != nil || skeleton != looks {
			t.Errorf("%q: skeleton %q, %v", typed, skeleton, err)
		}
	}
	for _, typed := range []string{"admin\u200b", "ad\u200dmin", "\ufeffadmin", "admin\u202e", "ad min", "ad\tmin", "ad\u3000min", "admin\u0000"} {
		_, _, _, err := UserName(typed)
		field(t, err, "user_name", typed)
	}
	for _, other := range []string{"admin2", "admir", "badmin", "admin.", "ädmin"} {
		if _, key, skeleton, err := UserName(other); err != nil || key == admin || skeleton == looks {
			t.Errorf("%q is taken for admin: %q, %q, %v", other, key, skeleton, err)
		}
	}
}

// TestD9_2 holds the foldings that differ between languages and databases: one answer, and the same a second time.
func TestD9_2(t *testing.T) {
	for typed, want := range map[string]string{
		"\u212aim": "kim", "KIM": "kim", "STRASSE": "strasse", "straße": "straße", "STRAẞE": "straße", "ırmak": "ırmak", "IRMAK": "irmak",
		"İrmak": "i\u0307rmak", "ΟΔΟΣ": "οδοσ", "ΣΑΣ": "σασ", "Zoe\u0308": "zoë", "ÅNGSTRÖM": "ångström", "\u212bngström": "ångström",
	} {
		_, key, _, err := UserName(typed)
		if err != nil || key != want {
			t.Errorf("%q: %q, %v, want %q", typed, key, err, want)
			continue
		}
		if _, again, _, err := UserName(key); err != nil || again != key {
			t.Errorf("%q is not stable: %q, %v", key, again, err)
		}
	}
	_, _, _, err := UserName("ſam")
	field(t, err, "user_name", "ſam")
	for _, pair := range [][2]string{{"straße", "strasse"}, {"ırmak", "irmak"}, {"İrmak", "irmak"}} {
		if Skeleton(pair[0]) != Skeleton(pair[1]) {
			t.Errorf("%q and %q do not look alike: %q, %q", pair[0], pair[1], Skeleton(pair[0]), Skeleton(pair[1]))
		}
	}
}

func TestUserNames(t *testing.T) {
	for _, typed := range []string{"anna", "Anna.Schmidt", "anna+x@example.org", "o'brien", "a", "7", "田中", "анна", "łukasz_k-1", "ümit", strings.Repeat("a", 254)} {
		if display, key, skeleton, err := UserName(typed); err != nil || display == "" || key == "" || skeleton == "" || strings.ToLower(display) != key {
			t.Errorf("%q: %q, %q, %v", typed, display, key, err)
		}
	}
	for _, typed := range []string{strings.Repeat("a", 255), "a b", "a/b", "<script>", "a,b", "a;b", "a\"b", "a=b", "=cmd()", "{{x}}", "a%00b", "...", "@", "a\u0301\u0302\u0303\u0304b", "①", "ﬁx", "😀", "\u05d0a", "a:b"} {
		_, _, _, err := UserName(typed)
		field(t, err, "user_name", typed)
	}
}

// TestD8_6 types addresses that smuggle headers, recipients or commands.
func TestD8_6(t *testing.T) {
	for _, typed := range []string{"a@x>\r\nDATA", "a@x.org>\r\nDATA\r\n", "\"a\r\nBcc: b\"@x.org", "\"a b\"@x.org", "a\r@x.org", "a@x.org\nBcc: b@x.org", "a@x.org,b@x.org", "a@x.org;b@x.org",
		"a@x.org b@x.org", "Anna <a@x.org>", "<a@x.org>", "a@b@x.org", "@x.org", "a@", "a", ".a@x.org", "a.@x.org", "a..b@x.org", "a@x..org", "a@.org", "a@x.org.", "a@[127.0.0.1]", "a@127.0.0.1", "a@example.0x1f", "a@example.0b1", "a@example.09", "a@example.99999999999999999999",
		"a@x", "a@-x.org", "a@x-.org", "a@x_y.org", "a@x y.org", "a(b)@x.org", "a@x.org(b)", "a\\@x.org", "ä@x.org", "=?utf-8?q?=0d=0aBcc:b?= <a@x.org>", "a@=?x?=.org", "a@x.org%0d%0a",
		strings.Repeat("a", 65) + "@x.org", strings.Repeat("a", 64) + "@" + strings.Repeat("ü.", 30) + "org", "a@" + strings.Repeat("x", 64) + ".org", "a@" + strings.Repeat("x.", 130) + "org", strings.Repeat("a", 255), "a@x.org:25", "mailto:a@x.org?bcc=b@x.org", "a:b@x.org"} {
		got, err := Email(typed)
		if err == nil {
			t.Errorf("%q became %q", typed, got)
			continue
		}
		field(t, err, "email", typed)
	}
	for typed, want := range map[string]string{
		" Anna.Schmidt+x@Example.ORG\r\n": "Anna.Schmidt+x@example.org", "o'brien@x.org": "o'brien@x.org", "a@bücher.example": "a@xn--bcher-kva.example",
		"a@BÜCHER.example": "a@xn--bcher-kva.example", "a@straße.de": "a@xn--strae-oqa.de", "a@例え。jp": "a@xn--r8jz45g.jp", "a@localhost": "a@localhost", "a@１２.ｅｘ.org": "a@12.ex.org",
		strings.Repeat("a", 64) + "@x.org": strings.Repeat("a", 64) + "@x.org",
	} {
		got, err := Email(typed)
		if err != nil || got != want {
			t.Errorf("%q: %q, %v", typed, got, err)
		}
		if again, err := Email(got); err != nil || again != got {
			t.Errorf("%q is not stable: %q, %v", got, again, err)
		}
		if _, _, _, err := UserName(got); err != nil {
			t.Errorf("%q is no user name: %v", got, err)
		}
	}
}

// TestD8_12 types numbers in the forms that people use, and what only looks like one.
func TestD8_12(t *testing.T) {
	for _, c := range []struct{ typed, country, want string }{
		{"01512 3456789", "DE", "+4915123456789"}, {"+49 (0)1512 3456789", "US", "+4915123456789"}, {"+49-1512/345 67 89", "", "+4915123456789"},
		{"0049 1512 3456789", "DE", "+4915123456789"}, {"\u202a+49 1512 3456789\u202c", "US", "+4915123456789"}, {"\u200f+4915123456789", "", "+4915123456789"},
		{"+٤٩١٥١٢٣٤٥٦٧٨٩", "", "+4915123456789"}, {"＋４９１５１２３４５６７８９", "", "+4915123456789"}, {"+49\u00a01512\u20113456789", "", "+4915123456789"},
		{"(202) 555-0123", "US", "+12025550123"}, {"202.555.0123", "us", "+12025550123"}, {"07400 123456", "GB", "+447400123456"}, {"  +44 7400 123456\n", "DE", "+447400123456"},
		{"22 12 34", "GL", "+299221234"}, {"211234", "FO", "+298211234"}, {"312 345", "AD", "+376312345"}, {"75.12.34", "NC", "+687751234"}, {"51234", "FK", "+50051234"},
	} {
		if got, err := Phone(c.typed, c.country); err != nil || got != c.want {
			t.Errorf("%q in %s: %q, %v", c.typed, c.country, got, err)
		}
	}
	for _, c := range []struct{ typed, country, says string }{
		{"0170", "DE", "too short"}, {"+44", "GB", "too short"}, {"112", "DE", "emergency"}, {"911", "US", "emergency"}, {"110", "DE", "emergency"}, {"+49112", "DE", "emergency"}, {"112", "GL", "emergency"}, {"00000000", "DE", ""},
		{"1-800-FLOWERS", "US", "without letters"}, {"+49 1512 3456789 ext. 5", "DE", "extension"}, {"+49 1512 3456789x5", "DE", "extension"}, {"+4915123456789;ext=5", "DE", "extension"},
		{"tel:+4915123456789", "DE", "letters"}, {"+4915123456789,,1", "DE", "extension"}, {"*100#1234567", "DE", "letters"},
		{"+1 900 234 5678", "US", "premium"}, {"+49 900 1234567", "DE", "premium"}, {"+1 800 234 5678", "US", "service"}, {"0900 1234567", "DE", "premium"},
		{strings.Repeat("1", 40), "US", "too many digits"}, {"+" + strings.Repeat("4", 40), "US", "too many digits"}, {strings.Repeat(" ", 10) + strings.Repeat("1 ", 300), "US", "too many digits"},
		{"+4915123456789 +4915123456788", "DE", "one number"}, {"49+15123456789", "DE", "beginning"}, {"++4915123456789", "DE", "beginning"}, {"+999 1234567", "DE", "no country"}, {"+49 1512 345678901234", "DE", ""},
		{"01512 3456789", "", "country code"}, {"01512 3456789", "XX", "country code"}, {"+1 555 123 0001", "US", "no such number"}, {"555-0123", "US", "area code"}, {"()--()", "DE", "phone number"},
		{"+49\t1512 3456789", "DE", "control"}, {"+49=1512 3456789", "DE", "without"}, {"+49<1512 3456789", "DE", "holds digits"},
	} {
		got, err := Phone(c.typed, c.country)
		if err == nil {
			t.Errorf("%q became %q", c.typed, got)
			continue
		}
		field(t, err, "phone", c.typed)
		if !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: %v, want %q", c.typed, err, c.says)
		}
	}
}

// TestD9_4 types names that run over their neighbours or turn them round.
func TestD9_4(t *testing.T) {
	for _, typed := range []string{"Anna\u202e annimdA", "\u2067Anna", "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034fA", "a" + strings.Repeat("\u0301", 50), strings.Repeat("x", 101), "An\u200bna", "12345", "!!!", "Anna\x1b[31m"} {
		got, err := PersonName(typed)
		if err == nil {
			t.Errorf("%q became %q", typed, got)
			continue
		}
		field(t, err, "name", typed)
	}
	for typed, want := range map[string]string{" Anna  Maria ": "Anna Maria", "Zoe\u0308": "Zoë", "O'Brien-Ní Dhomhnaill": "O'Brien-Ní Dhomhnaill", "Nguyễn Thị": "Nguyễn Thị", "نرگس\u200cسادات": "نرگس\u200cسادات",
		"王": "王", "Jr., Ph.D.": "Jr., Ph.D.", "שָׁלוֹם": "שָׁלוֹם", "<script>": "<script>", "{{x}}": "{{x}}", strings.Repeat("ü", 100): strings.Repeat("ü", 100), "Li\u00a0Na": "Li Na"} {
		if got, err := PersonName(typed); err != nil || got != want {
			t.Errorf("%q: %q, %v", typed, got, err)
		}
	}
}

func TestMasks(t *testing.T) {
	for in, want := range map[string]string{"anna@example.org": "a•••@example.org", "a@x.org": "a•••@x.org", "": "•••", "@x": "•••", "none": "•••"} {
		if got := MaskEmail(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
	for in, want := range map[string]string{"+4915123456789": "••••••89", "+12025550123": "••••••23", "": "••••••", "12": "••••••"} {
		if got := MaskPhone(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

// TestImitations types names in letters of other scripts that are drawn like ours.
func TestImitations(t *testing.T) {
	for name, imitations := range map[string][]string{
		"chris":   {"ⲥhris", "ꮯhris", "ꓚHꓣIꓢ", "Ꮯhris"},
		"daniel":  {"danieǀ", "ꓓANIEL", "ᗪaniel"},
		"omar":    {"ⲟmar", "ჿmar", "ഠmar", "ꓳmar", "𐓪mar", "ᴑmar"},
		"yuri":    {"үuri", "ყuri", "ꓬꓴꓣI"},
		"o'brien": {"oʼbrien", "oꞌbrien", "oʹbrien", "ⲟʻbrien"},
		"max":     {"maᕁ", "ꓟꓮꓫ", "ᎷᎪX"},
		"a.b-c":   {"aꓸb-c", "a.bⲺc"},
	} {
		_, _, looks, err := UserName(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, typed := range imitations {
			if _, _, skeleton, err := UserName(typed); err != nil || skeleton != looks {
				t.Errorf("%q is not taken for %q: %q, %v", typed, name, skeleton, err)
			}
		}
	}
}

func TestTableOfLookalikes(t *testing.T) {
	for _, word := range strings.Fields(lookalikes) {
		r := []rune(word)
		if len(r) < 2 {
			t.Errorf("%q maps to nothing", word)
		}
		if got := Skeleton(string(r[1:])); got != string(r[1:]) && r[0] < 0x80 {
			t.Errorf("%q is not what it looks like itself: %q", word, got)
		}
	}
	if n := len(strings.Fields(lookalikes)); n != len(lookalike) {
		t.Errorf("%d words, %d letters: one stands twice", n, len(lookalike))
	}
}

// TestNamesAreStable draws names of letters that fold in odd ways: what was accepted once is accepted again as itself.
func TestNamesAreStable(t *testing.T) {
	odd := []rune("aAiIkKzZßẞıİſΣσςµΐΰǰẖẗÅåéÉßŉΆάԱևﬁ\u212a\u0130\u1e9e\u0345\u0307\u0301Ⅷⅷ田ア가กİ9.@+-_'")
	rapid.Check(t, func(t *rapid.T) {
		typed := string(rapid.SliceOfN(rapid.SampledFrom(odd), 1, 12).Draw(t, "name"))
		display, key, skeleton, err := UserName(typed)
		if err != nil {
			return
		}
		for _, again := range []string{display, key} {
			d, k, _, err := UserName(again)
			if err != nil || k != key || again == display && d != display {
				t.Fatalf("%q: %q became %q, %q, %v", typed, again, d, k, err)
			}
		}
		if Skeleton(skeleton) == "" || Skeleton(display) != skeleton {
			t.Fatalf("%q has skeletons %q and %q", typed, skeleton, Skeleton(display))
		}
	})
}

func FuzzIdentity(f *testing.F) {
	for _, s := range append([]string{"anna@example.org", "+49 1512 3456789", "a@bücher.example", "ǰ"}, hostile...) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		if _, key, _, err := UserName(typed); err == nil {
			if _, again, _, err := UserName(key); err != nil || again != key {
				t.Fatalf("user name %q: %q, then %q, %v", typed, key, again, err)
			}
		}
		if e, err := Email(typed); err == nil {
			if again, err := Email(e); err != nil || again != e || strings.ContainsAny(e, "\r\n\x00 ,;<>\"") || strings.Count(e, "@") != 1 || len(e) > 254 {
				t.Fatalf("email %q: %q, then %q, %v", typed, e, again, err)
			}
		}
		if p, err := Phone(typed, "DE"); err == nil {
			if again, err := Phone(p, ""); err != nil || again != p || len(p) > 16 || p[0] != '+' || strings.Trim(p[1:], "0123456789") != "" {
				t.Fatalf("phone %q: %q, then %q, %v", typed, p, again, err)
			}
		}
		if n, err := PersonName(typed); err == nil {
			if again, err := PersonName(n); err != nil || again != n || !utf8.ValidString(n) {
				t.Fatalf("name %q: %q, then %q, %v", typed, n, again, err)
			}
		}
	})
}
