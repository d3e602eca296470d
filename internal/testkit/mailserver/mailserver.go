package mailserver

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"sallyport/internal/testkit/need"
	"sallyport/internal/testkit/wait"
)

// patience bounds every wait for a process, so that a hang ends as a failure.
const patience = 30 * time.Second

// Server is one running mail server. Every mailbox of northwind.example ends in one INBOX.
type Server struct {
	Host           string // "localhost": what its certificate is made out to
	Submission     string // port, STARTTLS required
	SMTPS          string // port, implicit TLS
	IMAPS          string // port
	User, Password string // what AUTH and IMAP ask for
	Roots          *x509.CertPool
	Certificate    string // file (PEM) of the one authority in Roots, for programs that are told of it by SSL_CERT_FILE
	folder         string
}

// Start runs the server until the test ends. Where Postfix, Dovecot or root is missing, the test is skipped (or fails,
// see package need).
func Start(t testing.TB) *Server {
	t.Helper()
	postfix := need.Program(t, "postfix")
	dovecot := need.Program(t, "dovecot")
	need.Program(t, "/usr/lib/dovecot/imap")
	if os.Getuid() != 0 {
		need.Missing(t, "root, which Postfix must be started by,")
	}
	s := &Server{Host: "localhost", User: "sallyport", Password: "correct horse", folder: folder(t)}
	s.certificate(t)
	ports := freePorts(t, 4)
	s.Submission, s.SMTPS, s.IMAPS = ports[0], ports[1], ports[2]
	s.write(t, ports[3])
	run(t, s.folder, dovecot, "-F", "-c", filepath.Join(s.folder, "dovecot.conf"))
	await(t, s.IMAPS)
	await(t, ports[3])
	// "check" makes the queue's folders; master itself stays in our process group, as "start" would not.
	config := filepath.Join(s.folder, "postfix")
	if out, err := exec.Command(postfix, "-c", config, "check").CombinedOutput(); err != nil {
		t.Fatalf("postfix check: %v\n%s", err, out)
	}
	run(t, s.folder, need.Program(t, "/usr/lib/postfix/sbin/master"), "-d", "-c", config)
	await(t, s.Submission)
	await(t, s.SMTPS)
	return s
}

// folder is one that the servers' users may enter too, which t.TempDir is not.
func folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "sallyport-mail-")
	check(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	check(t, os.Chmod(dir, 0o755))
	for _, d := range []string{"postfix/queue", "postfix/data", "mail/inbox", "dovecot/run", "dovecot/state"} {
		check(t, os.MkdirAll(filepath.Join(dir, d), 0o755))
	}
	owner, err := user.Lookup("postfix")
	check(t, err)
	uid, err := strconv.Atoi(owner.Uid)
	check(t, err)
	check(t, os.Chown(filepath.Join(dir, "postfix/data"), uid, 0))
	for _, d := range []string{"mail", "mail/inbox"} {
		check(t, os.Chown(filepath.Join(dir, d), mailUID, mailUID))
	}
	return dir
}

// mailUID owns the mail; no user of that number need exist.
const mailUID = 5000

func (s *Server) certificate(t testing.TB) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: s.Host}, DNSNames: []string{s.Host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	check(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	check(t, err)
	s.Certificate = filepath.Join(s.folder, "cert.pem")
	s.file(t, "cert.pem", 0o644, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	s.file(t, "key.pem", 0o600, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})))
	cert, err := x509.ParseCertificate(der)
	check(t, err)
	s.Roots = x509.NewCertPool()
	s.Roots.AddCert(cert)
}

func (s *Server) file(t testing.TB, name string, mode os.FileMode, text string) {
	t.Helper()
	check(t, os.WriteFile(filepath.Join(s.folder, name), []byte(text), mode))
}

func (s *Server) write(t testing.TB, authPort string) {
	t.Helper()
	fill := strings.NewReplacer("$FOLDER", s.folder, "$SUBMISSION", s.Submission, "$SMTPS", s.SMTPS, "$IMAPS", s.IMAPS,
		"$AUTH", authPort, "$USER", s.User, "$PASSWORD", s.Password, "$UID", strconv.Itoa(mailUID)).Replace
	s.file(t, "postfix/main.cf", 0o644, fill(mainConfig))
	s.file(t, "postfix/master.cf", 0o644, fill(masterConfig))
	s.file(t, "dovecot.conf", 0o644, fill(dovecotConfig))
	s.file(t, "users", 0o644, fill("$USER:{PLAIN}$PASSWORD\n"))
}

// run starts a program in a process group of its own and ends it, politely and then surely, with the test.
func run(t testing.TB, folder, program string, args ...string) {
	t.Helper()
	out, err := os.CreateTemp(folder, "output-")
	check(t, err)
	c := exec.Command(program, args...)
	c.Stdout, c.Stderr = out, out
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	check(t, c.Start())
	done := make(chan struct{})
	go func() { c.Wait(); close(done) }()
	t.Cleanup(func() {
		syscall.Kill(-c.Process.Pid, syscall.SIGTERM)
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		select {
		case <-done:
		case <-ctx.Done():
		}
		syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
		<-done
		if text, _ := os.ReadFile(out.Name()); t.Failed() {
			t.Logf("%s said:\n%s", filepath.Base(program), text)
		}
		out.Close()
	})
}

// await comes back when somebody listens on a port.
func await(t testing.TB, port string) {
	t.Helper()
	wait.Until(t, func() bool {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			conn.Close()
		}
		return err == nil
	}, "nobody listens on port %s", port)
}

func freePorts(t testing.TB, n int) []string {
	t.Helper()
	var ports []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		check(t, err)
		defer l.Close()
		_, port, _ := net.SplitHostPort(l.Addr().String())
		ports = append(ports, port)
	}
	return ports
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
