package store_test

import (
	"testing"

	"nacre/internal/engine"
	"nacre/internal/store"
	"nacre/internal/store/storetest"
)

func openPostgres(t *testing.T, databaseURL string) *store.Store {
	t.Helper()
	s, err := store.OpenPostgres(t.Context(), databaseURL, store.Options{Connections: 6})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	cluster := storetest.StartCluster(t)
	storetest.Run(t, func(t *testing.T) engine.Store { return openPostgres(t, cluster.NewDatabase(t)) })
}
