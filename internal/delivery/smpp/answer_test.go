package smpp_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math"
	"net"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sallyport"
	"sallyport/internal/delivery/dial"
	"sallyport/internal/delivery/smpp"
)

// want is what an error has to say.
type want struct {
	outcome   sallyport.SendOutcome
	code      string
	permanent bool
	hint      string // a part of it
}

func (w want) check(t *testing.T, err error) {
	t.Helper()
	if e := failure(t, err); e.Outcome != w.outcome || e.Code != w.code || e.Permanent != w.permanent || !strings.Contains(e.Hint, w.hint) {
		t.Errorf("got %s, %s, permanent %v, %q; want %+v", e.Outcome, e.Code, e.Permanent, e.Hint, w)
	}
}

const (
	settingsHint = "An administrator must look at SMS Settings."
	minuteHint   = "Please try again in a minute."
)

// D8.13: every command_status of SMPP 3.4 (section 5.1.3), and those that servers make up, has its outcome and its words.
func TestD8_13_SMPP(t *testing.T) {
	later := want{sallyport.NotSent, "refused", false, "takes no messages right now. " + minuteHint}
	number := want{sallyport.NotSent, "bad_number", true, "this phone number"}
	from := want{sallyport.NotSent, "refused", true, "refused the sender. " + settingsHint}
	auth := want{sallyport.NotSent, "auth", true, settingsHint}
	both := map[uint32]want{0x08: later, 0x14: later, 0x45: later, 0x58: later, 0x64: later, 0xfe: later, 0xff: later}
	at := map[uint32]map[uint32]want{
		bindTransmitter: {0x05: {sallyport.NotSent, "refused", false, "no further connection of Sallyport right now. " + minuteHint}, 0x0d: auth, 0x0e: auth, 0x0f: auth, 0x53: auth},
		submitSM:        {0x0a: from, 0x48: from, 0x49: from, 0x0b: number, 0x50: number, 0x51: number},
	}
	statuses := []uint32{0x100, 0x400, 0x4ff, 0x500, math.MaxInt32, 1 << 31, math.MaxUint32}
	for status := uint32(1); status <= 0xff; status++ {
		statuses = append(statuses, status)
	}
	for stage, known := range at {
		for _, body := range []string{"", "\x00", "smsc\x00", "\x00\x01\x02"} { // servers disagree about what follows a refusal
			var said atomic.Uint32
			s := serve(t, func(p *peer) {
				for {
					m, ok := p.hear()
					switch {
					case !ok:
						return
					case m.command == stage:
						p.say(message{m.command | response, said.Load(), m.sequence, []byte(body)})
					default:
						p.answer(m, 0)
					}
				}
			})
			from := sender(t, settings(s.port))
			for _, status := range statuses {
				said.Store(status)
				w, is := known[status]
				if general, always := both[status]; always && !is {
					w, is = general, true
				}
				if !is {
					w = want{sallyport.NotSent, "refused", status <= 0xff, fmt.Sprintf("(status 0x%02X). %s", status, settingsHint)}
				}
				w.check(t, from.SendText(limit(t), code))
				if body != "" && status == 0x0f {
					break // the body does not matter
				}
			}
		}
	}
}

// Where the first part of a longer text was taken, some of it may arrive whatever comes of the others.
func TestSecondPartRefused(t *testing.T) {
	long := sallyport.Text{To: code.To, Text: strings.Repeat("x", 200), GSM: true}
	for name, c := range map[string]struct {
		second func(*peer, message)
		want   want
	}{
		"refused": {func(p *peer, m message) { p.answer(m, 0x0b) }, want{sallyport.MaybeSent, "bad_number", true, "only the beginning"}},
		"cut":     {func(p *peer, m message) {}, want{sallyport.MaybeSent, "protocol", false, "may still arrive"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(p *peer) {
				p.answer(p.bound(), 0)
				m, _ := p.hear()
				c.second(p, m)
			})
			c.want.check(t, sender(t, settings(s.port)).SendText(limit(t), long))
		})
	}
}

// What a server may say beside the answer, or in its place.
func TestConversations(t *testing.T) {
	broke := want{sallyport.NotSent, "unreachable", false, minuteHint}
	unclear := want{sallyport.NotSent, "protocol", false, "speaks no SMPP"}
	maybe := want{sallyport.MaybeSent, "protocol", false, "may still arrive"}
	length := func(n uint32, m message) []byte {
		b := m.bytes()
		copy(b, []byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
		return b
	}
	for name, c := range map[string]struct {
		talk func(*peer)
		want want
	}{
		"hangs up at once": {func(p *peer) { p.hear() }, broke},
		"half an answer to bind": {func(p *peer) {
			m, _ := p.hear()
			p.Write(message{m.command | response, 0, 1, []byte("smsc\x00")}.bytes()[:18])
		}, broke},
		"hangs up after submit":    {func(p *peer) { p.bound() }, maybe},
		"half an answer to submit": {func(p *peer) { p.Write(message{p.bound().command | response, 0, 2, nil}.bytes()[:7]) }, maybe},
		"another protocol":         {func(p *peer) { p.hear(); p.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")) }, unclear},
		"2 GiB": {func(p *peer) {
			m, _ := p.hear()
			p.Write(length(math.MaxInt32, message{m.command | response, 0, 1, nil}))
		}, unclear},
		"4 GiB": {func(p *peer) {
			m, _ := p.hear()
			p.Write(length(math.MaxUint32, message{m.command | response, 0, 1, nil}))
		}, unclear},
		"no length":                   {func(p *peer) { m, _ := p.hear(); p.Write(length(0, message{m.command | response, 0, 1, nil})) }, unclear},
		"a length within the header":  {func(p *peer) { p.Write(length(15, message{p.bound().command | response, 0, 2, nil})) }, maybe},
		"2 GiB after submit":          {func(p *peer) { p.Write(length(math.MaxInt32, message{p.bound().command | response, 0, 2, nil})) }, maybe},
		"talks without end":           {func(p *peer) { p.hear(); flood(p) }, unclear},
		"talks without end at submit": {func(p *peer) { p.bound(); flood(p) }, maybe},
		"nack of bind":                {func(p *peer) { m, _ := p.hear(); p.say(message{genericNack, 3, m.sequence, nil}) }, want{sallyport.NotSent, "refused", true, "0x03"}},
		"nack of bind that is none":   {func(p *peer) { m, _ := p.hear(); p.say(message{genericNack, 0, m.sequence, nil}) }, want{sallyport.NotSent, "refused", false, settingsHint}},
		"nack of submit":              {func(p *peer) { p.say(message{genericNack, 2, p.bound().sequence, nil}) }, want{sallyport.NotSent, "refused", true, "0x02"}},
		"nack without a number":       {func(p *peer) { p.bound(); p.say(message{genericNack, 2, 0, nil}) }, want{sallyport.NotSent, "refused", true, "0x02"}},
		"nack of submit that is none": {func(p *peer) { p.say(message{genericNack, 0, p.bound().sequence, nil}) }, maybe},
		"nack of something else":      {func(p *peer) { p.bound(); p.say(message{genericNack, 2, 77, nil}) }, maybe},
		"an answer to something else": {func(p *peer) { p.bound(); p.say(message{submitSM | response, 0, 77, []byte("\x00")}) }, maybe},
		"bind's answer twice": {func(p *peer) {
			m := p.bound()
			p.say(message{bindTransmitter | response, 0, m.sequence, []byte("\x00")})
		}, maybe},
		"a negative number": {func(p *peer) { p.bound(); p.say(message{submitSM | response, 0, math.MaxUint32, []byte("\x00")}) }, maybe},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, c.talk)
			c.want.check(t, sender(t, settings(s.port)).SendText(limit(t), code))
		})
	}
}

// flood asks after us until nobody listens.
func flood(p *peer) {
	go func() {
		for {
			if _, ok := p.hear(); !ok {
				return
			}
		}
	}()
	for i := uint32(1); ; i++ {
		if _, err := p.Write(message{enquireLink, 0, i, nil}.bytes()); err != nil {
			return
		}
	}
}

// A server that asks whether we are there while we wait, or says what nobody asked, is waited for all the same; questions
// get the answer with their number (SMPP 3.4 section 4.11).
func TestPatience(t *testing.T) {
	var alive, ended message
	s := serve(t, func(p *peer) {
		p.say(message{outbind, 0, 1, []byte("smsc\x00\x00")})
		m := p.bound()
		p.say(message{enquireLink, 0, 4711, nil})
		alive, _ = p.hear()
		p.say(message{submitSM | response, 0x0b, m.sequence + 1, nil})
		p.say(message{deliverSM, 0, m.sequence, []byte(strings.Repeat("x", 1000))})
		p.say(message{genericNack, 2, 77, nil})
		p.answer(m, 0)
		ended, _ = p.hear() // and no goodbye in return
	})
	if err := sender(t, settings(s.port)).SendText(limit(t), code); err != nil {
		t.Fatal(err)
	}
	s.heard()
	if alive.command != enquireLink|response || alive.sequence != 4711 || alive.status != 0 || ended.command != unbind {
		t.Errorf("asked, it says %x; at the end %x", alive, ended)
	}
}

// A server that ends the session gets its answer (SMPP 3.4 section 4.2) and is left; what it has of a message may go out.
func TestUnbound(t *testing.T) {
	for name, c := range map[string]struct {
		before func(*peer)
		want   want
	}{
		"before submit": {func(p *peer) { p.hear() }, want{sallyport.NotSent, "unreachable", false, minuteHint}},
		"after submit":  {func(p *peer) { p.bound() }, want{sallyport.MaybeSent, "protocol", false, "may still arrive"}},
	} {
		t.Run(name, func(t *testing.T) {
			var said message
			var more bool
			s := serve(t, func(p *peer) {
				c.before(p)
				p.say(message{unbind, 0, 4711, nil})
				said, _ = p.hear()
				_, more = p.hear()
			})
			c.want.check(t, sender(t, settings(s.port)).SendText(limit(t), code))
			s.heard()
			if said.command != unbind|response || said.sequence != 4711 || more {
				t.Errorf("told to go, it says %x, and goes on: %v", said, more)
			}
		})
	}
}

// A refusal ends the session politely too.
func TestGoodbyeAfterARefusal(t *testing.T) {
	s := serve(t, func(p *peer) {
		p.answer(p.bound(), 0x58)
		m, _ := p.hear()
		p.answer(m, 0)
	})
	failure(t, sender(t, settings(s.port)).SendText(limit(t), code))
	if heard := s.heard(); len(heard) != 3 || heard[2].command != unbind {
		t.Errorf("the server heard %x", heard)
	}
}

// A server that took the message and is slow to say goodbye holds nobody up for longer than a second.
func TestSlowGoodbye(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		var heard []message
		go func() {
			p := &peer{theirs, &heard}
			p.answer(p.bound(), 0)
			for ok := true; ok; _, ok = p.hear() {
			}
		}()
		s, err := smpp.New(settings("2775"), map[string]string{"password": password}, pipe{ours})
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		defer cancel()
		if err := s.SendText(ctx, code); err != nil || time.Since(begun) != time.Second {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
	})
}

// D8.7: a server that says nothing is left when the time is over, wherever it stalls.
func TestD8_7_SMPPStalls(t *testing.T) {
	late := want{sallyport.NotSent, "timeout", false, "did not answer in time"}
	for name, c := range map[string]struct {
		stall func(*peer)
		mode  string
		want  want
	}{
		"at TLS":    {func(p *peer) { p.Read(make([]byte, 1)) }, smpp.Implicit, late},
		"at bind":   {func(p *peer) { p.hear() }, smpp.None, late},
		"at submit": {func(p *peer) { p.bound() }, smpp.None, want{sallyport.MaybeSent, "timeout", false, "may still arrive"}},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, over := context.WithCancel(t.Context()) // no other end than this one
			s := serve(t, func(p *peer) {
				c.stall(p)
				over()
				for { // until it is left
					if _, ok := p.hear(); !ok {
						return
					}
				}
			})
			c.want.check(t, sender(t, settings(s.port, "tls", c.mode)).SendText(ctx, code))
		})
	}
}

func TestTLS(t *testing.T) {
	certificate := httptest.NewTLSServer(nil)
	defer certificate.Close()
	roots := x509.NewCertPool()
	roots.AddCert(certificate.Certificate())
	secured := func(p *peer) {
		s := &peer{tls.Server(p.Conn, &tls.Config{Certificates: certificate.TLS.Certificates}), p.heard}
		obliging(s)
	}
	s := serve(t, secured)
	if err := sender(t, settings(s.port, "tls", "implicit")).Trust(roots).SendText(limit(t), code); err != nil {
		t.Fatal(err)
	}
	if heard := s.heard(); len(heard) != 3 {
		t.Errorf("the server heard %x", heard)
	}
	bad := want{sallyport.NotSent, "tls", true, "nothing was sent"}
	for name, talk := range map[string]func(*peer){"a certificate that nobody vouches for": secured,
		"no TLS": func(p *peer) { p.Read(make([]byte, 5)); p.say(message{genericNack, 2, 0, nil}) }} {
		s := serve(t, talk)
		bad.check(t, sender(t, settings(s.port, "tls", "implicit")).SendText(limit(t), code))
		if heard := s.heard(); len(heard) != 0 {
			t.Errorf("%s: the server heard %x", name, heard)
		}
	}
}

// D8.9: addresses that nobody allowed are not dialled, and without TLS none but the allowed.
func TestD8_9_SMPP(t *testing.T) {
	s := serve(t, obliging)
	for mode, host := range map[string]string{smpp.Implicit: "127.0.0.1", smpp.None: "1.1.1.1"} {
		from, err := smpp.New(settings(s.port, "tls", mode, "host", host), map[string]string{"password": password}, dial.New(dial.Options{}))
		if err != nil {
			t.Fatal(err)
		}
		want{sallyport.NotSent, "not_allowed", true, "allowed_networks"}.check(t, from.SendText(limit(t), code))
	}
	if heard := s.heard(); len(heard) != 0 {
		t.Errorf("the server heard %x", heard)
	}
	want{sallyport.NotSent, "unreachable", false, minuteHint}.check(t, sender(t, settings(s.port)).SendText(limit(t), code)) // it is gone
}

func TestSettings(t *testing.T) {
	for name, change := range map[string][]string{
		"no host": {"host", ""}, "no port": {"port", ""}, "no mode": {"tls", ""}, "unknown mode": {"tls", "opportunistic"}, "no system ID": {"system_id", ""},
		"system ID that ends early": {"system_id", "door\x00x"}, "system type in letters that it has not": {"system_type", "Tür"},
		"no sender": {"sender", ""}, "a name that is too long": {"sender", "North wind 1"}, "a number that is none": {"sender", "+0"},
	} {
		if _, err := smpp.New(settings("2775", change...), map[string]string{"password": password}, dial.New(dial.Options{})); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	for _, p := range []string{"", "pass\x00word", "pässword"} {
		if _, err := smpp.New(settings("2775"), map[string]string{"password": p}, dial.New(dial.Options{})); err == nil || strings.Contains(err.Error(), "word\x00") {
			t.Errorf("password %q: %v", p, err)
		}
	}
}
