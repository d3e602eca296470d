package demo

import (
	"bytes"
	"context"
	"crypto/rand"
	"embed"
	"errors"
	"html/template"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

//go:embed templates/workbench.html assets
var files embed.FS

// pageTemplate is parsed when the workbench is first looked at: the other commands do not wait for it.
var pageTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("workbench.html").Funcs(template.FuncMap{
		"clock": func(t time.Time) string { return t.Format("15:04:05") },
	}).ParseFS(files, "templates/workbench.html"))
})

// bench is everything on the workbench, and the two servers behind it.
type bench struct {
	inbox, phone *box
	app          *authenticator
	browsers     *browsers
	bell         *bell
	team         *team
	door         string // Sallyport's address

	mail       *smtp.Server
	mailPort   string
	gatewayURL string
	gatewayKey string
	gateway    *http.Server
	listener   net.Listener
}

// newBench opens the mail server, the text message gateway and the workbench's port.
func newBench(listen string) (*bench, error) {
	b := &bench{bell: newBell(), gatewayKey: rand.Text()}
	b.inbox, b.phone = &box{changed: b.bell.ring}, &box{changed: b.bell.ring}
	b.app = &authenticator{changed: b.bell.ring}
	listen, err := freeAddress(listen, "127.0.0.1:8090")
	if err != nil {
		return nil, err
	}
	if !onLoopback(listen) {
		return nil, errors.New("the workbench listens on loopback only, not on " + listen)
	}
	if b.listener, err = net.Listen("tcp", listen); err != nil {
		return nil, err
	}
	if b.mail, b.mailPort, err = newMail(b.inbox); err != nil {
		return nil, errors.Join(err, b.listener.Close())
	}
	gateway, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, b.mail.Close(), b.listener.Close())
	}
	b.gatewayURL = "http://" + gateway.Addr().String() + "/messages"
	b.gateway = newServer(newGateway(b.phone, b.gatewayKey))
	go b.gateway.Serve(gateway)
	return b, nil
}

// open says where the door is, and makes the three browsers. What comes before has no page.
func (b *bench) open(door string, t *team, rec *record) error {
	b.door, b.team = door, t
	live, err := newBrowsers(door, t, rec)
	if err != nil {
		return err
	}
	live.changed, live.codes = b.bell.ring, codesOf(b, t.live())
	b.browsers = live
	return nil
}

func (b *bench) url() string { return "http://" + b.listener.Addr().String() }

func (b *bench) close() {
	b.listener.Close()
	b.mail.Close()
	b.gateway.Close()
}

// serve answers the workbench's page until ctx ends.
func (b *bench) serve(ctx context.Context) error {
	s := newServer(b.handler())
	s.BaseContext = func(net.Listener) context.Context { return ctx }
	stop := context.AfterFunc(ctx, func() { s.Close() })
	defer stop()
	go b.tick(ctx)
	if err := s.Serve(b.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// tick rings once a second, for the seconds beside the app's codes.
func (b *bench) tick(ctx context.Context) {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-second.C:
			b.bell.ring()
		}
	}
}

func (b *bench) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", b.page)
	mux.Handle("GET /assets/", http.FileServerFS(files))
	mux.HandleFunc("POST /keys", b.addKey)
	mux.HandleFunc("POST /keys/{id}/remove", b.removeKey)
	mux.HandleFunc("POST /browsers", b.signInAgain)
	mux.HandleFunc("POST /inbox/clear", b.clear(b.inbox))
	mux.HandleFunc("POST /phone/clear", b.clear(b.phone))
	var origins http.CrossOriginProtection
	return b.guard(origins.Handler(mux))
}

// guard refuses other names of this host, so that no foreign page can read the workbench through a name of its own, and
// sets the headers of every answer.
func (b *bench) guard(next http.Handler) http.Handler {
	_, port, _ := net.SplitHostPort(b.listener.Addr().String())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != b.listener.Addr().String() && r.Host != net.JoinHostPort("localhost", port) {
			http.Error(w, "The workbench lives at "+b.url(), http.StatusMisdirectedRequest)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// benchView is what the page shows.
type benchView struct {
	Organisation string
	Door         string
	Version      int
	Problem      string
	Boss         member
	Live         member
	Team         []member
	Browsers     []pane
	In           int // browsers that are signed in
	Emails       []message
	Texts        []message
	Codes        []code
}

// longestWait is how long the page's script waits for a change before it asks again.
const longestWait = 20 * time.Second

// page shows the workbench. With ?after=N it waits until there is something newer than version N.
func (b *bench) page(w http.ResponseWriter, r *http.Request) {
	if after, err := strconv.Atoi(r.URL.Query().Get("after")); err == nil {
		ctx, cancel := context.WithTimeout(r.Context(), longestWait)
		b.bell.wait(ctx, after)
		cancel()
	}
	version, _ := b.bell.now()
	v := benchView{Organisation: organisation, Door: b.door, Version: version, Problem: r.URL.Query().Get("problem"), Boss: b.team.boss(), Live: b.team.live(),
		Team: b.team.members, Browsers: b.browsers.show(), Emails: b.inbox.all(), Texts: b.phone.all(), Codes: b.app.codes(time.Now())}
	for _, p := range v.Browsers {
		if p.State == stateIn {
			v.In++
		}
	}
	var page bytes.Buffer
	if err := pageTemplate().Execute(&page, v); err != nil {
		http.Error(w, "The workbench could not be drawn: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(page.Bytes())
}

// mostUpload bounds a picture of a QR code.
const mostUpload = 20 << 20

// addKey takes a key as text, or a picture with the QR code in it.
func (b *bench) addKey(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, mostUpload)
	if err := r.ParseMultipartForm(1 << 20); err != nil {
		b.back(w, r, errors.New("the picture is too large, or did not arrive whole"))
		return
	}
	defer r.MultipartForm.RemoveAll()
	picture, header, err := r.FormFile("picture")
	if err == nil && header.Size > 0 {
		defer picture.Close()
		b.back(w, r, b.app.addPicture(picture, time.Now()))
		return
	}
	b.back(w, r, b.app.addText(r.PostFormValue("key"), time.Now()))
}

func (b *bench) removeKey(w http.ResponseWriter, r *http.Request) {
	b.app.remove(r.PathValue("id"))
	b.back(w, r, nil)
}

func (b *bench) signInAgain(w http.ResponseWriter, r *http.Request) {
	b.browsers.signAgain()
	b.back(w, r, nil)
}

func (b *bench) clear(box *box) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		box.clear()
		b.back(w, r, nil)
	}
}

// back leads to the page again, with what went wrong.
func (b *bench) back(w http.ResponseWriter, r *http.Request, problem error) {
	to := "/"
	if problem != nil {
		to += "?problem=" + url.QueryEscape(problem.Error())
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}
