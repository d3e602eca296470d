package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"sallyport"
	"sallyport/internal/app"
	"sallyport/internal/config"
	"sallyport/internal/control"
)

// session is one run of one command.
type session struct {
	ctx         context.Context
	out, errOut io.Writer
	cmd         *commands
	lost        error // why something that was to be printed was not
}

// load reads the configuration with the flags that every command has, and more. Variables that were probably meant for it are
// named in the log also where it is refused: they may be why.
func (s *session) load(flags map[string]string) (*config.Loaded, error) {
	all := map[string]string{}
	for name, value := range flags {
		if value != "" {
			all[name] = value
		}
	}
	if s.cmd.Data != "" {
		all["data"] = s.cmd.Data
	}
	l, err := config.Load(config.Sources{File: s.cmd.Config, Lookup: os.LookupEnv, Flags: all})
	log := app.NewLog(config.Config{})
	if l != nil {
		log = app.NewLog(l.Config)
	}
	for _, warning := range config.Unread(os.Environ()) {
		log.Warn(warning)
	}
	return l, err
}

// ask calls one operation, in the running server or here.
func (s *session) ask(name string, in, out any) error {
	return s.with(func(c *control.Client) error { return c.Call(s.ctx, name, in, out) })
}

func (s *session) with(use func(*control.Client) error) error {
	cfg, o, err := s.quiet()
	if err != nil {
		return err
	}
	client, done, err := app.Command(s.ctx, cfg, o)
	if err != nil {
		return err
	}
	return errors.Join(use(client), done())
}

// quiet is the configuration of a command, which speaks for itself: its log says warnings alone.
func (s *session) quiet() (config.Config, app.Options, error) {
	l, err := s.load(nil)
	if err != nil {
		return config.Config{}, app.Options{}, err
	}
	l.LogLevel = "warn"
	return l.Config, app.Options{Log: app.NewLog(l.Config)}, nil
}

// printf writes to standard output. A closed pipe ends the process anyway; what a full disk does not take is said at the end.
func (s *session) printf(format string, args ...any) {
	if _, err := fmt.Fprintf(s.out, format, args...); err != nil && s.lost == nil {
		s.lost = err
	}
}

// run runs the command. One that did what it was asked for fails all the same where nobody has its answer, which may be a link
// that is shown once.
func (s *session) run(parsed *kong.Context) error {
	err := parsed.Run(s)
	if err == nil && s.lost != nil {
		err = undecidedError{fmt.Errorf("it is done, but its answer, or a part of it, could not be written: %w", s.lost)}
	}
	return err
}

// read reads a file, and one byte more than most at most: whether that is too much, its caller says. The name - stands for
// standard input. What comes out of a pipe or is typed may never end, and a signal ends the wait for it.
func (s *session) read(path string, most int64) ([]byte, error) {
	type result struct {
		text []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		text, err := readAll(path, most+1)
		done <- result{text, err}
	}()
	select {
	case <-s.ctx.Done():
		return nil, context.Cause(s.ctx)
	case r := <-done:
		return r.text, r.err
	}
}

func readAll(path string, most int64) ([]byte, error) {
	f := os.Stdin
	if path != "-" {
		var err error
		if f, err = os.Open(path); err != nil {
			return nil, err
		}
		defer f.Close()
	}
	return io.ReadAll(io.LimitReader(f, most))
}

// say is an error in words for the operator: the product's own message, its fields, and the cause where it is ours.
func say(err error) string {
	var e *sallyport.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	text := e.Message
	if len(e.Fields) > 0 && e.Fields[0].Message != text { // it speaks of marked fields, and there is no form
		text = "This cannot be taken as it was typed, and nothing was changed."
	}
	for _, f := range e.Fields {
		if f.Message != e.Message {
			text += "\n  " + f.Name + ": " + f.Message
		}
	}
	if e.RetryAfter > 0 {
		text += fmt.Sprintf(" Try again in %s.", (e.RetryAfter + time.Second - 1).Truncate(time.Second)) // not too early
	}
	if cause := e.Unwrap(); cause != nil && (e.Kind == sallyport.Internal || e.Kind == sallyport.Unavailable) {
		text += " (" + cause.Error() + ")"
	}
	return text
}

// exitCode is 1 for a command that failed, and 2 where it did not find out, or could not say, what it was asked for.
func exitCode(err error) int {
	if errors.As(err, new(undecidedError)) {
		return 2
	}
	return 1
}

// reached is the command as far as it could be read, whose help tells the rest.
func reached(err error) string {
	var wrong *kong.ParseError
	if errors.As(err, &wrong) && wrong.Context.Selected() != nil {
		return wrong.Context.Selected().FullPath()
	}
	return "sallyport"
}

// parse reads the arguments. It refuses a flag for a place that names none, as one of a variable that is not set does: in a
// script the command would do what it does to another installation.
func parse(parser *kong.Kong, args []string) (*kong.Context, error) {
	parsed, err := parser.Parse(args)
	if err != nil {
		return nil, err
	}
	places := []string{"config", "data", "listen", "public-url", "operations", "workbench", "from", "to"}
	for _, p := range parsed.Path {
		if f := p.Flag; f != nil && slices.Contains(places, f.Name) && f.Target.String() == "" {
			return nil, fmt.Errorf("--%s is empty: name something, or leave it out", f.Name)
		}
	}
	return parsed, nil
}

// count is a number with its word.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// exact is a time as all commands print it, with the zone of the host.
func exact(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Local().Format("2006-01-02 15:04 MST")
}

// plain makes text that came from a technician harmless for a terminal.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '\ufffd'
		}
		return r
	}, text)
}

// writeNew writes a file of mode 0600 that appears under its name only when it is whole; an existing one is left alone.
func writeNew(path string, write func(io.Writer) error) (err error) {
	if path == "" {
		return errors.New("name a file")
	}
	if _, err := os.Lstat(path); err == nil {
		return taken(path)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".sallyport-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, cause(err))
	}
	defer os.Remove(f.Name())
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return asked(err, f.Name(), path)
	}
	if err = put(f.Name(), path, os.Link); errors.Is(err, fs.ErrExist) {
		return taken(path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, cause(err))
	}
	return nil
}

// put gives a file its name, where nothing has that yet. On a file system without hard links, as that of a stick or a share, the
// name is held by an empty file for a moment.
func put(from, path string, link func(from, path string) error) error {
	err := link(from, path)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	holds, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err = errors.Join(holds.Close(), os.Rename(from, path)); err != nil {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

func taken(path string) error {
	return fmt.Errorf("%s is there already and is left alone: name another file", path)
}

// asked is err with the name that was asked for in the place of that of a file that is ours alone.
func asked(err error, ours, path string) error {
	var file *fs.PathError
	if errors.As(err, &file) && file.Path == ours {
		return fmt.Errorf("write %s: %w", path, file.Err)
	}
	return err
}

// cause is what the system said, without the name of a file that is ours alone.
func cause(err error) error {
	var file *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &file):
		return file.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}
