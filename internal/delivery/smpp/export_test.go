package smpp

import "crypto/x509"

// Trust lets a test's certificate stand for one that the system trusts.
func (s *Sender) Trust(roots *x509.CertPool) *Sender {
	s.roots = roots
	return s
}
