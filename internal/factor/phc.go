package factor

import (
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// parsePHC reads $argon2id$v=19$m=…,t=…,p=…$salt$digest, and nothing that is not exactly that.
func parsePHC(s string) (phc, error) {
	f := strings.Split(s, "$")
	if len(f) != 6 || f[0] != "" || f[1] != "argon2id" || f[2] != "v="+strconv.Itoa(argon2.Version) {
		return phc{}, errPHC
	}
	numbers := strings.Split(f[3], ",")
	if len(numbers) != 3 {
		return phc{}, errPHC
	}
	m := number(numbers[0], "m=", memoryMost)
	t := number(numbers[1], "t=", passesMost)
	n := number(numbers[2], "p=", threadsMost)
	salt, saltErr := rawBase64.DecodeString(f[4])
	digest, digestErr := rawBase64.DecodeString(f[5])
	if m < 8*n || t == 0 || n == 0 || saltErr != nil || digestErr != nil || !sized(salt) || !sized(digest) {
		return phc{}, errPHC
	}
	return phc{uint32(m), uint32(t), uint8(n), salt, digest}, nil
}

// sized keeps an empty or short digest, which everything would match, and an endless one out.
func sized(b []byte) bool { return len(b) >= 16 && len(b) <= 64 }

// number reads a decimal number after its name, 0 when it is none or too large.
func number(s, name string, most uint64) uint64 {
	rest, ok := strings.CutPrefix(s, name)
	n, err := strconv.ParseUint(rest, 10, 32)
	if !ok || err != nil || n > most {
		return 0
	}
	return n
}
