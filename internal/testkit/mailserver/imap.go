package mailserver

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"mime"
	"net/mail"
	"strconv"
	"strings"
	"testing"
	"time"

	"mime/quotedprintable"
)

// Message is one mail as a mail client shows it: words decoded, the text in UTF-8.
type Message struct {
	Header  mail.Header
	Subject string
	Text    string
	Raw     string
}

// Inbox comes back with all messages as soon as there are n of them, oldest first, and fails the test when they do not
// come.
func (s *Server) Inbox(t testing.TB, n int) []Message {
	t.Helper()
	c := s.login(t)
	defer c.conn.Close()
	count := 0
	for _, line := range c.do(t, "SELECT INBOX") {
		count = max(count, exists(line))
	}
	if count < n {
		c.send(t, "i IDLE") // RFC 2177: the server says when something comes
		for count < n {
			count = max(count, exists(c.line(t)))
		}
		c.send(t, "DONE")
		c.until(t, "i ")
	}
	messages := make([]Message, 0, count)
	for i := 1; i <= count; i++ {
		messages = append(messages, parse(t, c.fetch(t, i)))
	}
	return messages
}

type client struct {
	conn *tls.Conn
	in   *bufio.Reader
	tag  int
}

func (s *Server) login(t testing.TB) *client {
	t.Helper()
	conn, err := tls.Dial("tcp", "127.0.0.1:"+s.IMAPS, &tls.Config{ServerName: s.Host, RootCAs: s.Roots})
	check(t, err)
	check(t, conn.SetDeadline(time.Now().Add(patience)))
	c := &client{conn: conn, in: bufio.NewReader(conn)}
	c.line(t)
	c.do(t, fmt.Sprintf("LOGIN %q %q", s.User, s.Password))
	return c
}

func (c *client) send(t testing.TB, text string) {
	t.Helper()
	_, err := io.WriteString(c.conn, text+"\r\n")
	check(t, err)
}

func (c *client) line(t testing.TB) string {
	t.Helper()
	line, err := c.in.ReadString('\n')
	if err != nil {
		t.Fatalf("the mail did not come: %v", err)
	}
	return strings.TrimRight(line, "\r\n")
}

func (c *client) until(t testing.TB, prefix string) []string {
	t.Helper()
	var lines []string
	for {
		line := c.line(t)
		if rest, ok := strings.CutPrefix(line, prefix); ok {
			if !strings.HasPrefix(rest, "OK") {
				t.Fatalf("IMAP: %s", line)
			}
			return lines
		}
		lines = append(lines, line)
	}
}

func (c *client) do(t testing.TB, command string) []string {
	t.Helper()
	c.tag++
	tag := fmt.Sprintf("a%d ", c.tag)
	c.send(t, tag+command)
	return c.until(t, tag)
}

// fetch reads one whole message, which comes as a literal: {length} and then so many bytes.
func (c *client) fetch(t testing.TB, n int) string {
	t.Helper()
	c.tag++
	tag := fmt.Sprintf("a%d ", c.tag)
	c.send(t, fmt.Sprintf("%sFETCH %d BODY[]", tag, n))
	for {
		line := c.line(t)
		if open := strings.LastIndexByte(line, '{'); open >= 0 && strings.Contains(line, "BODY[]") {
			size, err := strconv.Atoi(strings.TrimSuffix(line[open+1:], "}"))
			check(t, err)
			raw := make([]byte, size)
			_, err = io.ReadFull(c.in, raw)
			check(t, err)
			c.until(t, tag)
			return string(raw)
		}
	}
}

func exists(line string) int {
	var n int
	if _, err := fmt.Sscanf(line, "* %d EXISTS", &n); err != nil {
		return 0
	}
	return n
}

func parse(t testing.TB, raw string) Message {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(raw))
	check(t, err)
	var words mime.WordDecoder
	subject, err := words.DecodeHeader(m.Header.Get("Subject"))
	check(t, err)
	body := io.Reader(m.Body)
	if strings.EqualFold(m.Header.Get("Content-Transfer-Encoding"), "quoted-printable") {
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	check(t, err)
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	return Message{Header: m.Header, Subject: subject, Text: string(text), Raw: raw}
}
