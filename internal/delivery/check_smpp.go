package delivery

import (
	"fmt"
	"strconv"
	"strings"

	"sallyport"
)

// Ports that IANA has registered for SMPP, without and with TLS.
const (
	smppPort    = "2775"
	smppTLSPort = "3550"
)

func checkSMPP(c *checker) {
	plain := c.values["tls"] == "none"
	c.reach("host", strings.Trim(c.values["host"], "[]"), plain, "tls")
	if c.values["port"] == "" {
		c.values["port"] = smppTLSPort
		if plain {
			c.values["port"] = smppPort
		}
	}
}

func checkSMPPPort(name, value string) error {
	if n, err := strconv.Atoi(value); err != nil || n < 1024 || n > 65535 || strconv.Itoa(n) != value {
		return sallyport.InvalidField(name, "Please give a port from 1024 to 65535: the others belong to other services.")
	}
	return nil
}

// checkOctets wants what a C-Octet String can hold (SMPP 3.4 section 3.1): at most limit printable ASCII characters.
func checkOctets(limit int) func(name, value string) error {
	return func(name, value string) error {
		if len(value) > limit || strings.ContainsFunc(value, func(r rune) bool { return r < 0x20 || r > 0x7e }) {
			return sallyport.InvalidField(name, fmt.Sprintf("Please give at most %d characters, without accents or signs that ASCII lacks.", limit))
		}
		return nil
	}
}
