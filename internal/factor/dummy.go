package factor

import (
	"crypto/rand"
	"fmt"

	"sallyport"
)

// Parameters are those of a stored hash in one word: two hashes of the same parameters take the same work. The error
// is of kind Internal when phc is no hash.
func Parameters(phc string) (string, error) {
	p, err := parsePHC(phc)
	if err != nil {
		return "", sallyport.E(sallyport.Internal, "password_hash", "Sallyport cannot read a stored password.").Because(err)
	}
	return fmt.Sprintf("%s%d,%d", p.head(), len(p.salt), len(p.digest)), nil
}

// DummyLike is a PHC string with the parameters of phc that no password matches: its digest is random.
func DummyLike(phc string) (string, error) {
	p, err := parsePHC(phc)
	if err != nil {
		return "", sallyport.E(sallyport.Internal, "password_hash", "Sallyport cannot read a stored password.").Because(err)
	}
	rand.Read(p.salt)
	rand.Read(p.digest)
	return p.String(), nil
}
