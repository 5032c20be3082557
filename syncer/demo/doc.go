// Package demo plays the story of playersync on the real thing: a throw-away
// PostgreSQL, two whole sidecars of different gamemodes on it, talked to over
// HTTP as game servers do, and a plain SQL connection in the place of psql.
//
// The story consists of chapters ([Chapters]). A chapter acts, measures how long
// each step takes until a server was told of it, and verifies what it claims.
// Arrivals are timed where a game server meets them: on the event stream that it
// follows over HTTP. A time therefore includes everything between the moment a
// change is sent and the moment a plugin knows of it.
//
// A claim that does not hold is marked and the story continues; an error ends its
// chapter. Either makes the whole [Result] not hold.
//
//	d, err := demo.Start(ctx, options) // PostgreSQL and both servers run
//	defer d.Close()                    // no process and no directory stays behind
//	result, err := d.Play(ctx)         // the story
//	err = d.Wait(ctx)                  // they keep running, to be played with
package demo
