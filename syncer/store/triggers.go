package store

// FeedTriggers is how many feed_* triggers the migrations create.
const FeedTriggers = 37
