package store

import (
	"context"
	"errors"
)

func OpenPostgres(ctx context.Context, url string, options Options) (*Store, error) {
	return nil, errors.New("soon")
}
