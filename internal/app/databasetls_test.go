package app_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"encoding/pem"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sallyport/internal/store"
	"sallyport/internal/testkit/postgres"
)

// A database whose certificate is signed by another authority, or made for another name, is not spoken to; one that can
// be verified is, over TLS on every connection.
func TestDatabaseOverTLS(t *testing.T) {
	s := postgres.Start(t)
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(s.Exec("postgres", `CREATE DATABASE own`))
	mine, stranger := authority(t), authority(t)
	cert, key := mine.server(t, net.IPv4(127, 0, 0, 1))
	put := func(name, content string) string { // as the server's own user wants it
		path := filepath.Join(s.Folder, name)
		check(os.WriteFile(path, []byte(content), 0o600))
		info, err := os.Stat(s.Data())
		check(err)
		check(os.Chown(path, int(info.Sys().(*syscall.Stat_t).Uid), int(info.Sys().(*syscall.Stat_t).Gid)))
		return path
	}
	check(s.Configure("ssl = on", "ssl_cert_file = '"+put("server.crt", cert)+"'", "ssl_key_file = '"+put("server.key", key)+"'"))
	s.Down()
	check(s.Up())
	address := func(host string, root ca) string {
		file := filepath.Join(t.TempDir(), "root.crt")
		check(os.WriteFile(file, []byte(root.pem), 0o600))
		u, err := url.Parse(s.TCP("own", s.Port))
		check(err)
		u.Host, u.RawQuery = net.JoinHostPort(host, u.Port()), url.Values{"sslmode": {"verify-full"}, "sslrootcert": {file}}.Encode()
		return u.String()
	}
	for name, to := range map[string]string{"another authority": address("127.0.0.1", stranger), "another name": address("localhost", mine)} {
		if db, err := store.Open(t.Context(), store.Options{Address: to}); err == nil || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("%s: %v", name, err)
			if err == nil {
				check(db.Close())
			}
		}
	}
	_, stop := running(t, nodeConfig(t, address("127.0.0.1", mine), nil), quiet())
	operator, err := sql.Open("pgx", s.URL("own"))
	check(err)
	defer operator.Close()
	var open, plain int
	check(operator.QueryRow(`SELECT count(*), count(*) FILTER (WHERE NOT ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
		WHERE application_name = 'sallyport'`).Scan(&open, &plain))
	if open == 0 || plain != 0 {
		t.Errorf("%d of %d connections are not over TLS", plain, open)
	}
	check(stop())
}

// ca is an authority of the test's own.
type ca struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  string
}

func authority(t *testing.T) ca {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	made := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Databases"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, made, made, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return ca{cert, key, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))}
}

// server is a certificate for that address alone, and its key.
func (a ca) server(t *testing.T, at net.IP) (cert, key string) {
	t.Helper()
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	made := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "db"}, NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{at},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	der, err := x509.CreateCertificate(rand.Reader, made, a.cert, own.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(own)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
}
