package store

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// How long each side waits for the other. A firewall that forgets a connection tells neither: what was sent is swallowed, and
// without these a read of ours would wait for ever, and PostgreSQL would keep our transactions, with their locks, for two hours.
const (
	connectTimeout = 5 * time.Second  // unless the URL has connect_timeout
	readTimeout    = 10 * time.Second // of one read; searches and reports have scanTime
	updateTimeout  = 30 * time.Second // of one transaction. Its caller's context does not bound it: what has begun must become known
	keepAliveIdle  = 10 * time.Second // TCP keepalives, of both sides: silent for so long, then three of them unanswered
	keepAliveEvery = 5 * time.Second
	keepAliveCount = 3
	userTimeout    = 20 * time.Second // TCP_USER_TIMEOUT (RFC 5482), of both sides: what was sent is not acknowledged
)

// postgresConfig is what connections are made of.
func postgresConfig(url string, options Options) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err // pgx leaves the password out
	}
	config.MaxConns = 16
	if options.Connections > 0 {
		config.MaxConns = int32(options.Connections)
	}
	config.PingTimeout = connectTimeout
	conn := config.ConnConfig
	if conn.RuntimeParams["application_name"] == "" {
		conn.RuntimeParams["application_name"] = "nacre"
	}
	if conn.ConnectTimeout <= 0 || !strings.Contains(url, "connect_timeout") {
		conn.ConnectTimeout = connectTimeout
	}
	dialer := &net.Dialer{
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: keepAliveIdle, Interval: keepAliveEvery, Count: keepAliveCount},
		Control:         limitUnacknowledged,
	}
	conn.DialFunc = dialer.DialContext
	conn.AfterConnect = func(ctx context.Context, c *pgconn.PgConn) error { return settleSession(ctx, c, 2*updateTimeout) }
	return config, nil
}

// settleSession has the server end what we no longer wait for, and refuses a session whose commits may be lost. It uses SET, not
// parameters at start, which poolers between us refuse. Statements over a Unix socket ignore what is TCP's.
func settleSession(ctx context.Context, c *pgconn.PgConn, statementTimeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	settings := fmt.Sprintf(`SET statement_timeout = %d; SET idle_in_transaction_session_timeout = %d;
		SET tcp_keepalives_idle = %d; SET tcp_keepalives_interval = %d; SET tcp_keepalives_count = %d; SET tcp_user_timeout = %d;
		SHOW synchronous_commit`,
		statementTimeout.Milliseconds(), (2 * updateTimeout).Milliseconds(),
		int(keepAliveIdle.Seconds()), int(keepAliveEvery.Seconds()), keepAliveCount, userTimeout.Milliseconds())
	results, err := c.Exec(ctx, settings).ReadAll()
	if err != nil {
		return fmt.Errorf("set up session: %w", err)
	}
	shown := results[len(results)-1]
	if len(shown.Rows) != 1 || len(shown.Rows[0]) != 1 {
		return errors.New("set up session: PostgreSQL does not say synchronous_commit")
	}
	// local, remote_write, on and remote_apply all wait for the disk of the server itself.
	if value := string(shown.Rows[0][0]); value == "off" {
		return fmt.Errorf("PostgreSQL's setting synchronous_commit is %q: what was answered could be lost; set it to \"on\" for this database or role (ALTER DATABASE … SET synchronous_commit = on)", value)
	}
	return nil
}
