package smpp_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf16"

	"sallyport"
)

// The GSM 7 bit default alphabet in the order of its table, and the extension (3GPP TS 23.038 section 6.2.1).
const basic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
	"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"

var extension = map[byte]rune{0x0a: '\f', 0x14: '^', 0x28: '{', 0x29: '}', 0x2f: '\\', 0x3c: '[', 0x3d: '~', 0x3e: ']', 0x40: '|', 0x65: '€'}

// read is what a phone shows of the octets of a text.
func read(t *testing.T, coding byte, text []byte) string {
	t.Helper()
	var out strings.Builder
	table := []rune(basic)
	switch coding {
	case 0:
		for i := 0; i < len(text); i++ {
			switch letter := text[i]; {
			case letter == 0x1b && i+1 < len(text):
				i++
				out.WriteRune(extension[text[i]])
			case letter < 0x80 && letter != 0x1b:
				out.WriteRune(table[letter])
			default:
				t.Errorf("octet 0x%02x at the end or outside of the alphabet", letter)
			}
		}
	case 8:
		var units []uint16
		for i := 0; i+1 < len(text); i += 2 {
			units = append(units, uint16(text[i])<<8|uint16(text[i+1]))
		}
		out.WriteString(string(utf16.Decode(units)))
	default:
		t.Errorf("data_coding %d", coding)
	}
	return out.String()
}

// send gives what a server heard of one text that it took.
func send(t *testing.T, g sallyport.Gateway, m sallyport.Text) []message {
	t.Helper()
	s := serve(t, obliging)
	g.Settings["port"] = s.port
	if err := sender(t, g).SendText(limit(t), m); err != nil {
		t.Fatal(err)
	}
	return s.heard()
}

// One message is one session: bind as a transmitter, submit, unbind, with numbers from 1 (SMPP 3.4 sections 2.2.1, 4.1.1).
func TestOneMessage(t *testing.T) {
	heard := send(t, settings(""), code)
	if len(heard) != 3 || heard[0].command != bindTransmitter || heard[2].command != unbind {
		t.Fatalf("the server heard %x", heard)
	}
	for i, m := range heard {
		if m.sequence != uint32(i+1) || m.status != 0 {
			t.Errorf("request %d has number %d, status %d", i, m.sequence, m.status)
		}
	}
	if want := "door\x00" + password + "\x00VMA\x00\x34\x00\x00\x00"; string(heard[0].body) != want {
		t.Errorf("bind says %q, want %q", heard[0].body, want)
	}
	s := takeApart(t, heard[1])
	if s.sourceTON != 5 || s.sourceNPI != 0 || s.source != "Northwind" || s.destTON != 1 || s.destNPI != 1 || s.dest != "15551230001" || s.esmClass != 0 {
		t.Errorf("it goes as %+v", s)
	}
	if got := read(t, s.coding, s.text); got != code.Text || s.coding != 0 {
		t.Errorf("the phone shows %q", got)
	}
}

func TestSenders(t *testing.T) {
	for from, want := range map[string]submission{
		"+15550001111": {sourceTON: 1, sourceNPI: 1, source: "15550001111"},
		"15550001111":  {source: "15550001111"},
		"12345":        {source: "12345"},
		"NorthWind 1":  {sourceTON: 5, source: "NorthWind 1"},
	} {
		s := takeApart(t, send(t, settings("", "sender", from), code)[1])
		if s.sourceTON != want.sourceTON || s.sourceNPI != want.sourceNPI || s.source != want.source {
			t.Errorf("%s goes as %+v", from, s)
		}
	}
}

// Every text comes back whole from its parts, none of which is longer than a short message or cut inside a letter.
func TestTexts(t *testing.T) {
	x := func(n int) string { return strings.Repeat("x", n) }
	for name, c := range map[string]struct {
		text  string
		gsm   bool
		parts int
	}{
		"nothing":                        {"", true, 1},
		"every letter":                   {strings.ReplaceAll(basic, "\x1b", ""), true, 1},
		"every letter of the extension":  {"\f^{}\\[~]|€", true, 1},
		"160 septets":                    {x(160), true, 1},
		"161 septets":                    {x(161), true, 2},
		"80 letters of two septets":      {strings.Repeat("€", 80), true, 1},
		"81 letters of two septets":      {strings.Repeat("€", 81), true, 2},
		"two septets at the cut":         {x(152) + "€" + x(10), true, 2},
		"two septets before the cut":     {x(151) + "€" + x(10), true, 2},
		"306 septets":                    {x(306), true, 2},
		"307 septets":                    {x(307), true, 3},
		"70 letters in UTF-16":           {strings.Repeat("株", 70), false, 1},
		"71 letters in UTF-16":           {strings.Repeat("株", 71), false, 2},
		"ASCII that is said not to be":   {x(70), false, 1},
		"a pair of surrogates, one part": {strings.Repeat("株", 68) + "🔑", false, 1},
		"a pair of surrogates, the cut":  {strings.Repeat("株", 66) + "🔑" + x(10), false, 2},
	} {
		t.Run(name, func(t *testing.T) {
			heard := send(t, settings(""), sallyport.Text{To: code.To, Text: c.text, GSM: c.gsm})
			submitted := heard[1 : len(heard)-1]
			if len(submitted) != c.parts {
				t.Fatalf("%d parts, want %d", len(submitted), c.parts)
			}
			var shown strings.Builder
			var reference []byte
			for i, m := range submitted {
				s := takeApart(t, m)
				if most := map[bool]int{true: 160, false: 140}[c.gsm]; len(s.text) > most || c.parts > 1 && len(s.text) > most-len(s.header)-map[bool]int{true: 1}[c.gsm] {
					t.Errorf("part %d has %d octets and a header of %d", i, len(s.text), len(s.header))
				}
				if c.parts > 1 {
					if len(s.header) != 6 || !bytes.Equal(s.header[:3], []byte{5, 0, 3}) || s.header[4] != byte(c.parts) || s.header[5] != byte(i+1) {
						t.Errorf("part %d begins with % x", i, s.header)
					}
					if reference = append(reference, s.header[3]); reference[0] != reference[i] {
						t.Errorf("the parts' references are % x", reference)
					}
				} else if s.esmClass != 0 {
					t.Errorf("one message says that it has a header")
				}
				shown.WriteString(read(t, s.coding, s.text))
			}
			if shown.String() != c.text {
				t.Errorf("the phone shows %q", shown.String())
			}
		})
	}
}

// What cannot be sent is refused before anybody is dialled.
func TestNothingToSend(t *testing.T) {
	s := serve(t, obliging)
	for name, c := range map[string]struct {
		m    sallyport.Text
		code string
	}{
		"no number":                 {sallyport.Text{Text: "x", GSM: true}, "bad_number"},
		"no country code":           {sallyport.Text{To: "15551230001", Text: "x", GSM: true}, "bad_number"},
		"a number that goes on":     {sallyport.Text{To: "+15551230001\x00", Text: "x", GSM: true}, "bad_number"},
		"a number of letters":       {sallyport.Text{To: "+1555CALLME", Text: "x", GSM: true}, "bad_number"},
		"a number that is too long": {sallyport.Text{To: "+1234567890123456", Text: "x", GSM: true}, "bad_number"},
		"nine messages":             {sallyport.Text{To: code.To, Text: strings.Repeat("x", 8*153+1), GSM: true}, "refused"},
		"not in the GSM alphabet":   {sallyport.Text{To: code.To, Text: "004217 株", GSM: true}, "refused"},
	} {
		if e := failure(t, sender(t, settings(s.port)).SendText(limit(t), c.m)); e.Outcome != sallyport.NotSent || !e.Permanent || e.Code != c.code {
			t.Errorf("%s: %v", name, e)
		}
	}
	if heard := s.heard(); len(heard) != 0 {
		t.Errorf("the server was spoken to: %x", heard)
	}
}
