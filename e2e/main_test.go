package e2e

import (
	"os"
	"testing"

	"sallyport/internal/testkit/browser"
)

func TestMain(m *testing.M) { os.Exit(browser.Main(m)) }
