package server_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/testkit/server"
	"sallyport/internal/testkit/team"
)

// A session outlives kill -9, a wrong digit gives none, and the same digits give no second one.
func TestRealProgramSignsInAndSurvivesKill(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	folder := t.TempDir()
	f, err := team.Make(ctx, folder+"/data")
	if err != nil {
		t.Fatal(err)
	}
	members, err := f.Add(ctx, team.Spec{Name: "mara", Role: sallyport.SuperAdmin, Method: sallyport.MethodApp},
		team.Spec{Name: "dana", Role: sallyport.ReadOnlyTechnician, Method: sallyport.MethodApp})
	if err != nil || f.Close() != nil {
		t.Fatal(err)
	}
	binary, err := server.Build(ctx, folder)
	if err != nil {
		t.Fatal(err)
	}
	port, err := server.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	start := func() *server.Server {
		s, err := server.Start(binary, folder+"/data", port, &log)
		if err == nil {
			t.Cleanup(s.Kill)
			err = s.Ready(ctx)
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, log.String())
		}
		return s
	}
	s := start()
	dana, now := s.Client(), time.Now()
	if _, err := dana.SignIn(ctx, members[1].UserName, team.Password, "abc"); !errors.Is(err, server.ErrNotIn) {
		t.Errorf("without digits: %v", err)
	}
	if _, err := dana.SignIn(ctx, members[1].UserName, team.Password, members[1].Digits(now)); err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	if live, err := dana.Live(ctx); !live || err != nil {
		t.Errorf("live %v, %v", live, err)
	}
	s.Kill()
	start()
	if live, err := dana.Live(ctx); !live || err != nil {
		t.Errorf("after kill -9: live %v, %v", live, err)
	}
	if _, err := dana.SignIn(ctx, members[1].UserName, team.Password, members[1].Digits(now)); !errors.Is(err, server.ErrNotIn) {
		t.Errorf("the same digits twice: %v", err)
	}
}
