package main

import (
	"image"
	"image/png"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// picture writes a PNG: picture FILE WIDTH HEIGHT
func picture(ts *testscript.TestScript, neg bool, args []string) {
	w, err := strconv.Atoi(args[1])
	ts.Check(err)
	h, err := strconv.Atoi(args[2])
	ts.Check(err)
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	defer f.Close()
	ts.Check(png.Encode(f, image.NewGray(image.Rect(0, 0, w, h))))
}

// fetch asks the running server for a path, and wants the status and, where one is given, a text on the page:
// fetch PATH 200 [text]
func fetch(ts *testscript.TestScript, neg bool, args []string) {
	resp, err := http.Get(ts.Getenv("URL") + args[0])
	ts.Check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	if strconv.Itoa(resp.StatusCode) != args[1] {
		ts.Fatalf("GET %s answers %d", args[0], resp.StatusCode)
	}
	if len(args) > 2 && !strings.Contains(string(body), args[2]) {
		ts.Fatalf("GET %s lacks %s:\n%s", args[0], args[2], body)
	}
}
