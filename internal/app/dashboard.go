package app

import (
	"errors"
	"log/slog"
	"net/http"

	"nacre/web"
)

// dashboardOver serves the dashboard at its own addresses, and hands every other request to next. A binary without it serves
// the documentation at /.
func dashboardOver(next http.Handler, log *slog.Logger) (http.Handler, error) {
	dashboard, err := web.New()
	if errors.Is(err, web.ErrNotBuilt) {
		log.Info("this binary has no dashboard", "reason", err)
		return next, nil
	}
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if dashboard.Serves(r.URL.Path) {
			dashboard.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	}), nil
}
