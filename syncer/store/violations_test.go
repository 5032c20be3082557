package store_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// violations are mistakes that people might make in psql, by the constraint that refuses them.
// Columns of player are set in the row 'a', others are whole statements.
var violations = []struct{ constraint, sql string }{
	{"player_uuid_form", `insert into player (uuid) values ('')`},
	{"player_uuid_form", `insert into player (uuid) values (repeat('a', 65))`},
	{"player_uuid_form", `insert into player (uuid) values (e'a\tb')`},
	{"player_uuid_form", `insert into player (uuid) values ('a ')`},
	{"player_uuid_form", `insert into player (uuid) values (' a')`},
	{"player_pkey", `insert into player (uuid) values ('a')`},
	{"player_uuid_immutable", `uuid = 'b'`},
	{"player_rank_form", `rank = ''`},
	{"player_rank_form", `rank = e'mod\n'`},
	{"player_rank_form", `rank = repeat('a', 65)`},
	{"player_flags_set", `flags = '{a,a}'`},
	{"player_flags_set", `flags = '{a,NULL}'`},
	{"player_flags_set", `flags = '{{a},{b}}'`},
	{"player_flags_set", `flags = '{""}'`},
	{"player_flags_set", `flags = array[repeat('a', 65)]`},
	{"player_flags_set", `flags = (select array_agg(i::text) from generate_series(1, 1025) as i)`},
	{"kick_uuid_form", `insert into kick (uuid) values ('')`},
	{"kick_reason_length", `insert into kick (uuid, reason) values ('a', repeat('a', 513))`},
	{"kick_kicked_by_length", `insert into kick (uuid, kicked_by) values ('a', repeat('a', 513))`},
	{"player_unmute_time_range", `unmute_time = '-infinity'`},
	{"player_unmute_time_range", `unmute_time = '0044-03-15 BC'`},
	{"player_unmute_time_range", `unmute_time = '10000-01-01'`},
	{"player_mute_reason_length", `unmute_time = 'infinity', mute_reason = repeat('a', 513)`},
	{"player_mute_reason_complete", `mute_reason = 'spam'`},
	{"player_unmark_time_range", `unmark_time = '-infinity'`},
	{"player_unmark_time_range", `unmark_time = '0044-03-15 BC'`},
	{"player_unmark_time_range", `unmark_time = '10000-01-01'`},
	{"player_created_at_range", `created_at = 'infinity'`},
	{"player_created_at_range", `created_at = '0044-03-15 BC'`},
	{"player_attributes_form", `attributes = '[]'`},
	{"player_attributes_form", `attributes = 'null'`},
	{"player_attributes_form", `attributes = '"text"'`},
	{"player_attributes_form", `attributes = jsonb_build_object('a', repeat('a', 1048577))`},
	{"player_attributes_form", `attributes = jsonb_build_object('a', (repeat('[', 65) || repeat(']', 65))::jsonb)`},
	{
		"player_attributes_form",
		`attributes = jsonb_build_object('a', (repeat('[', 12000) || repeat(']', 12000))::jsonb)`,
	},
	{"player_name_length", `name = repeat('a', 513)`},
	{"player_override_name_length", `override_name = repeat('a', 513)`},
	{"player_highlight_length", `highlight = repeat('a', 513)`},
	{"player_rainbow_speed_range", `rainbow_speed = 0`},
	{"player_rainbow_speed_range", `rainbow_speed = 1001`},
	{"player_chat_strictness_known", `chat_strictness = 'loose'`},
	{"player_language_length", `language = repeat('a', 65)`},
	{"player_achievements_form", `achievements = ''`},
	{"player_achievements_form", `achievements = '[]'`},
	{"player_achievements_form", `achievements = '[1,]'`},
	{"player_achievements_form", `achievements = '[1.5]'`},
	{"player_achievements_form", `achievements = '[a]'`},
	{"player_achievements_form", `achievements = '[1,  2]'`},
	{"player_achievements_form", `achievements = '[9223372036854775808]'`},
	{"player_achievements_form", `achievements = '[1,-9223372036854775809]'`},
	{"player_achievements_form", `achievements = '[1' || repeat(',1', 40000) || ']'`},
	{"player_gamemodes_form", `gamemodes = '[]'`},
	{"player_gamemodes_form", `gamemodes = '{"pvp": null}'`},
	{"player_gamemodes_form", `gamemodes = '{"pvp": [{}]}'`},
	{"player_gamemodes_form", `gamemodes = '{"pvp": {"points": 1}}'`},
	{"player_gamemodes_form", `gamemodes = '{"pvp": {"stats": null}}'`},
	{"player_gamemodes_form", `gamemodes = '{"pvp": {"stats": []}}'`},
	{"player_gamemodes_form", `gamemodes = '{"pvp": {}, "attack": {"stats": [{"a": 1}]}}'`},
	{"player_gamemodes_form", `gamemodes = '{"pvp": {"stats": {"a": null}}}'`},
	{"player_gamemodes_form", `gamemodes = '{"pvp": {"stats": {"a": [1]}}}'`},
	{"player_gamemodes_form", `gamemodes = '{"pvp": {"stats": {"a": "1"}}}'`},
	{"player_gamemodes_form", `gamemodes = '{"pvp": {"stats": {"a": 1.5}}}'`},
	{"player_gamemodes_form", `gamemodes = '{"pvp": {"stats": {"a": 1.0}}}'`},
	{"player_gamemodes_form", `gamemodes = '{"pvp": {"stats": {"a\\": -1.0}}}'`},
	{"player_gamemodes_form", `gamemodes = '{"pvp": {"stats": {"a": 9007199254740992}}}'`},
	{"player_gamemodes_form", `gamemodes = '{"pvp": {"stats": {"a": -1e100}}}'`},
	{"player_gamemodes_form", `gamemodes = '{"pvp": {"firstJoined": "2020-01-01"}}'`},
	{"player_gamemodes_form", `gamemodes = '{"pvp": {"firstJoined": [1]}}'`},
	{"player_gamemodes_form", `gamemodes = '{"pvp": {"lastJoined": null}}'`},
	{"player_gamemodes_form", `gamemodes = '{"pvp": {"firstJoined": -62135596800001}}'`},
	{"player_gamemodes_form", `gamemodes = '{"pvp": {"lastJoined": 253402300800000}}'`},
	{"player_gamemodes_form", `gamemodes = (
		select jsonb_build_object('pvp', jsonb_build_object('stats', jsonb_object_agg(md5(n::text), n)))
		from generate_series(1, 30000) as n)`},
	{"player_addresses_form", `addresses = (
		select jsonb_object_agg(md5(n::text), '{}'::jsonb) from generate_series(1, 30000) as n)`},
	{"player_addresses_form", `addresses = '[]'`},
	{"player_addresses_form", `addresses = '{"10.0.0.1:1": "x"}'`},
	{"player_addresses_form", `addresses = '{"10.0.0.1:1": {"usid": 1}}'`},
	{"player_addresses_form", `addresses = '{"10.0.0.1:1": {"usid": ["x"]}}'`},
	{"player_addresses_form", `addresses = '{"10.0.0.1:1": {"id": "x"}}'`},
	{"player_history_player_fkey", `insert into player_history (uuid, action) values ('nobody', 'warned')`},
	{"player_history_action_length", `insert into player_history (uuid, action) values ('a', '')`},
	{"player_history_action_length", `insert into player_history (uuid, action) values ('a', repeat('a', 513))`},
	{
		"player_history_by_length",
		`insert into player_history (uuid, action, by) values ('a', 'warned', repeat('a', 513))`,
	},
	{"player_history_time_range", `insert into player_history (uuid, action, time) values ('a', 'warned', 'infinity')`},
	{"ban_one_target", `insert into ban (reason) values ('whom?')`},
	{"ban_one_target", `insert into ban (uuid, ip) values ('b', '10.0.0.1')`},
	{"ban_uuid_form", `insert into ban (uuid) values ('')`},
	{"ban_uuid_form", `insert into ban (uuid) values (e'a\n')`},
	{"ban_uuid_form", `insert into ban (uuid) values ('a ')`},
	{"ban_ip_is_network", `insert into ban (ip) values ('10.0.0.1/8')`},
	{"ban_ip_is_network", `insert into ban (ip) values ('2001:db8::1/32')`},
	{"ban_ip_not_mapped", `insert into ban (ip) values ('::ffff:10.0.0.1')`},
	{"ban_ip_not_mapped", `insert into ban (ip) values ('::ffff:10.0.0.0/104')`},
	{"ban_open_uuid_key", `insert into ban (uuid) values ('a')`},
	{"ban_open_ip_key", `insert into ban (ip) values ('192.0.2.1')`},
	{"ban_open_ip_key", `insert into ban (ip) values ('192.0.2.1/32')`},
	{"ban_reason_length", `insert into ban (uuid, reason) values ('b', repeat('a', 2001))`},
	{"ban_banned_by_length", `insert into ban (uuid, banned_by) values ('b', repeat('a', 513))`},
	{"ban_created_at_range", `insert into ban (uuid, created_at) values ('b', '-infinity')`},
	{"ban_created_at_range", `insert into ban (uuid, created_at) values ('b', 'infinity')`},
	{"ban_expires_at_range", `insert into ban (uuid, expires_at) values ('b', now())`},
	{"ban_expires_at_range", `insert into ban (uuid, expires_at) values ('b', '-infinity')`},
	{"ban_expires_at_range", `insert into ban (uuid, expires_at) values ('b', '10000-01-01')`},
	{"ban_lifted_at_range", `update ban set lifted_at = created_at - interval '1 second' where uuid = 'a'`},
	{"ban_lifted_at_range", `update ban set lifted_at = 'infinity' where uuid = 'a'`},
	{"ban_lifted_by_length", `update ban set lifted_at = now(), lifted_by = repeat('a', 513) where uuid = 'a'`},
	{"ban_lift_reason_length", `update ban set lifted_at = now(), lift_reason = repeat('a', 2001) where uuid = 'a'`},
	{"ban_lift_complete", `insert into ban (uuid, lifted_by) values ('b', 'me')`},
	{"ban_lift_complete", `insert into ban (uuid, lift_reason) values ('b', 'mercy')`},
	{"ban_note_ban_fkey", `insert into ban_note (ban, text) values (0, 'a')`},
	{"ban_note_written_at_range", `insert into ban_note (ban, text, written_at) select id, 'a', 'infinity' from ban`},
	{
		"ban_note_written_by_length",
		`insert into ban_note (ban, text, written_by) select id, 'a', repeat('a', 513) from ban`,
	},
	{"ban_note_text_length", `insert into ban_note (ban, text) select id, '' from ban`},
	{"ban_note_text_length", `insert into ban_note (ban, text) select id, repeat('a', 4001) from ban`},
	{"server_name_form", `insert into server (name, gamemode, address) values ('', 'pvp', 'a:1')`},
	{"server_gamemode_form", `insert into server (name, gamemode, address) values ('a', e'\n', 'a:1')`},
	{"server_address_form", `insert into server (name, gamemode, address) values ('a', 'pvp', '')`},
	{"staff_message_sent_at_range", `insert into staff_message (server, text, sent_at) values ('a', 'b', 'infinity')`},
	{"staff_message_server_form", `insert into staff_message (server, text) values ('', 'b')`},
	{"staff_message_server_form", `insert into staff_message (server, text) values (e'a\n', 'b')`},
	{"staff_message_name_length", `insert into staff_message (server, text, name) values ('a', 'b', repeat('a', 513))`},
	{
		"staff_message_player_length",
		`insert into staff_message (server, text, player) values ('a', 'b', repeat('a', 513))`,
	},
	{"staff_message_text_length", `insert into staff_message (server, text) values ('a', '')`},
	{"staff_message_text_length", `insert into staff_message (server, text) values ('a', repeat('a', 4001))`},
	{"staff_delivery_sidecar_form", `insert into staff_delivery (sidecar, gamemode, delivered) values ('', 'a', 0)`},
	{"staff_delivery_gamemode_form", `insert into staff_delivery (sidecar, gamemode, delivered) values ('a', '', 0)`},
	{
		"staff_delivery_delivered_range",
		`insert into staff_delivery (sidecar, gamemode, delivered) values ('a', 'a', -1)`,
	},
	{"antibot_pattern_kind_known", `insert into antibot_pattern (kind, pattern) values ('a', 'a')`},
	{"antibot_pattern_pattern_form", `insert into antibot_pattern (kind, pattern) values ('blacklist', 'a**')`},
	{
		"antibot_pattern_set_by_length",
		`insert into antibot_pattern (kind, pattern, set_by) values ('blacklist', 'a', repeat('a', 513))`,
	},
	{"blacklisted_address_address_form", `insert into blacklisted_address (address) values ('')`},
	{"blacklisted_address_address_form", `insert into blacklisted_address (address) values (e'a\n')`},
	{"blacklisted_address_address_form", `insert into blacklisted_address (address) values (repeat('a', 256))`},
	{
		"blacklisted_address_added_by_length",
		`insert into blacklisted_address (address, added_by) values ('a', repeat('a', 513))`,
	},
	{"mod_log_at_range", `insert into mod_log (message, at) values ('a', '-infinity')`},
	{"mod_log_source_length", `insert into mod_log (message, source) values ('a', repeat('a', 513))`},
	{"mod_log_message_length", `insert into mod_log (message) values ('')`},
	{"mod_log_message_length", `insert into mod_log (message) values (repeat('a', 65537))`},
	{"usid_rejection_code_form", `insert into usid_rejection (code, uuid, address, usid) values ('', 'a', 'b', 'c')`},
	{"usid_rejection_uuid_form", `insert into usid_rejection (code, uuid, address, usid) values ('a', '', 'b', 'c')`},
	{
		"usid_rejection_address_form",
		`insert into usid_rejection (code, uuid, address, usid) values ('a', 'a', chr(10), 'c')`,
	},
	{
		"usid_rejection_usid_length",
		`insert into usid_rejection (code, uuid, address, usid) values ('a', 'a', 'b', repeat('c', 257))`,
	},
	{
		"usid_rejection_pkey",
		`insert into usid_rejection (code, uuid, address, usid) select 'a', 'a', 'b', 'c' from generate_series(1, 2)`,
	},
	{"player_visit_player_fkey", `insert into player_visit (uuid, server) values ('nobody', 's')`},
	{"player_visit_server_form", `insert into player_visit (uuid, server) values ('a', '')`},
	{"player_visit_joins_range", `insert into player_visit (uuid, server, joins) values ('a', 's', -1)`},
	{"player_visit_kicks_range", `insert into player_visit (uuid, server, kicks) values ('a', 's', 9007199254740992)`},
	{
		"player_visit_first_seen_range",
		`insert into player_visit (uuid, server, first_seen) values ('a', 's', '-infinity')`,
	},
	{
		"player_visit_last_seen_range",
		`insert into player_visit (uuid, server, last_seen) values ('a', 's', 'infinity')`,
	},
	{
		"player_visit_last_seen_range",
		`insert into player_visit (uuid, server, last_seen) values ('a', 's', now() - interval '1 s')`,
	},
	{"player_name_player_fkey", `insert into player_name (uuid, server, name) values ('nobody', 's', 'x')`},
	{"player_name_server_form", `insert into player_name (uuid, server, name) values ('a', '', 'x')`},
	{"player_name_times_range", `insert into player_name (uuid, server, name, times) values ('a', 's', 'x', -1)`},
	{
		"player_name_first_seen_range",
		`insert into player_name (uuid, server, name, first_seen) values ('a', 's', 'x', '-infinity')`,
	},
	{
		"player_name_last_seen_range",
		`insert into player_name (uuid, server, name, last_seen) values ('a', 's', 'x', 'infinity')`,
	},
	{
		"player_name_last_seen_range",
		`insert into player_name (uuid, server, name, last_seen) values ('a', 's', 'x', now() - interval '1 s')`,
	},
	{"player_address_player_fkey", `insert into player_address (uuid, server, ip) values ('nobody', 's', '192.0.2.1')`},
	{"player_address_server_form", `insert into player_address (uuid, server, ip) values ('a', '', '192.0.2.1')`},
	{
		"player_address_times_range",
		`insert into player_address (uuid, server, ip, times) values ('a', 's', '192.0.2.1', -1)`,
	},
	{
		"player_address_first_seen_range",
		`insert into player_address (uuid, server, ip, first_seen) values ('a', 's', '192.0.2.1', '-infinity')`,
	},
	{
		"player_address_last_seen_range",
		`insert into player_address (uuid, server, ip, last_seen) values ('a', 's', '192.0.2.1', 'infinity')`,
	},
	{
		"player_address_last_seen_range",
		`insert into player_address (uuid, server, ip, last_seen)
			values ('a', 's', '192.0.2.1', now() - interval '1 s')`,
	},
	{"player_name_name_length", `insert into player_name (uuid, server, name) values ('a', 's', '')`},
	{"player_name_name_length", `insert into player_name (uuid, server, name) values ('a', 's', repeat('a', 513))`},
	{"player_address_ip_form", `insert into player_address (uuid, server, ip) values ('a', 's', '192.0.2.0/24')`},
	{"player_address_ip_form", `insert into player_address (uuid, server, ip) values ('a', 's', '2001:db8::/32')`},
	{
		"player_address_ip_not_mapped",
		`insert into player_address (uuid, server, ip) values ('a', 's', '::ffff:192.0.2.1')`,
	},
	{
		"player_count_server_form",
		`insert into player_count (server, slot, players) values (e'a\n', '2030-01-01 00:00+00', 1)`,
	},
	{
		"player_count_slot_range",
		`insert into player_count (server, slot, players) values ('s', '1969-12-31 23:56+00', 1)`,
	},
	{
		"player_count_slot_form",
		`insert into player_count (server, slot, players) values ('s', '2030-01-01 00:02+00', 1)`,
	},
	{
		"player_count_slot_form",
		`insert into player_count (server, slot, minutes, players) values ('s', '2030-01-01 00:04+00', 60, 1)`,
	},
	{
		"player_count_minutes_range",
		`insert into player_count (server, slot, minutes, players) values ('s', '2030-01-01 00:00+00', 0, 1)`,
	},
	{
		"player_count_minutes_range",
		`insert into player_count (server, slot, minutes, players) values ('s', '2030-01-01 00:00+00', 1444, 1)`,
	},
	{
		"player_count_players_range",
		`insert into player_count (server, slot, players) values ('s', '2030-01-01 00:00+00', -1)`,
	},
	{
		"player_count_players_range",
		`insert into player_count (server, slot, players) values ('s', '2030-01-01 00:00+00', 1000001)`,
	},
	{"map_run_current_server_form", currentRun("server", "''")},
	{"map_run_current_map_form", currentRun("map", "repeat('a', 256)")},
	{"map_run_current_gamemode_form", currentRun("gamemode", "e'\\n'")},
	{"map_run_current_session_form", currentRun("session", "''")},
	{"map_run_current_started_at_range", currentRun("started_at", "'-infinity'")},
	{"map_run_current_reported_at_range", currentRun("reported_at", "now() - interval '1 s'")},
	{"map_run_current_reported_at_range", currentRun("reported_at", "'infinity'")},
	{"map_run_current_played_ms_range", currentRun("played_ms", "-1")},
	{"map_run_current_players_range", currentRun("players", "-1")},
	{"map_run_current_max_players_range", currentRun("max_players", "0")},
	{"map_run_current_wave_range", currentRun("wave", "-1")},
	{"map_run_server_form", finishedRun("server", "''")},
	{"map_run_map_form", finishedRun("map", "''")},
	{"map_run_gamemode_form", finishedRun("gamemode", "''")},
	{"map_run_winner_form", finishedRun("winner", "''")},
	{"map_run_started_at_range", finishedRun("started_at", "'-infinity'")},
	{"map_run_ended_at_range", finishedRun("ended_at", "now() - interval '1 s'")},
	{"map_run_played_ms_range", finishedRun("played_ms", "-1")},
	{"map_run_max_players_range", finishedRun("max_players", "-1")},
	{"map_run_wave_range", finishedRun("wave", "1000000001")},
	{
		"map_run_key_key",
		`insert into map_run
			(key, server, map, gamemode, winner, success, started_at, ended_at, played_ms, max_players)
			select '00000000-0000-0000-0000-000000000001', 'a', 'b', 'c', 'd', true, now(), '2100-01-01', 0, 0
			from generate_series(1, 2)`,
	},
	{
		"session_server_lease_fkey",
		`insert into session (server, uuid, run, gamemode) values ('a', 'a', gen_random_uuid(), 'pvp')`,
	},
	{
		"session_uuid_form",
		`insert into session (server, uuid, run, gamemode) values ('a', e'a\tb', gen_random_uuid(), 'pvp')`,
	},
	{
		"session_uuid_form",
		`insert into session (server, uuid, run, gamemode) values ('a', '', gen_random_uuid(), 'pvp')`,
	},
	{
		"session_name_length",
		`insert into session (server, uuid, run, gamemode, name)
			values ('a', 'a', gen_random_uuid(), 'pvp', repeat('a', 513))`,
	},
	{
		"session_gamemode_form",
		`insert into session (server, uuid, run, gamemode) values ('a', 'a', gen_random_uuid(), '')`,
	},
	{
		"session_since_range",
		`insert into session (server, uuid, run, gamemode, since)
			values ('a', 'a', gen_random_uuid(), 'pvp', 'infinity')`,
	},
	{
		"server_lease_server_fkey",
		`insert into server_lease (server, run, expires_at) values ('none', gen_random_uuid(), now())`,
	},
	{"last_seen_player_fkey", `insert into last_seen (uuid, server, at) values ('none', 'a', now())`},
	{"last_seen_server_form", `insert into last_seen (uuid, server, at) values ('a', '', now())`},
	{"last_seen_at_range", `insert into last_seen (uuid, server, at) values ('a', 'a', '-infinity')`},
	{"currency_name_form", `insert into currency (name) values ('')`},
	{"currency_name_form", `insert into currency (name) values (e'a\n')`},
	{"currency_pkey", `insert into currency (name) values ('coins')`},
	{"balance_pkey", `insert into balance (uuid, currency) select 'a', 'coins' from generate_series(1, 2)`},
	{"balance_player_fkey", `insert into balance (uuid, currency) values ('nobody', 'coins')`},
	{"balance_currency_fkey", `insert into balance (uuid, currency) values ('a', 'shells')`},
	{"balance_amount_range", `insert into balance (uuid, currency, amount) values ('a', 'coins', -1)`},
	{"balance_amount_range", `insert into balance (uuid, currency, amount) values ('a', 'coins', 9007199254740992)`},
	{"ledger_uuid_form", `insert into ledger (uuid, currency, change, balance) values ('', 'coins', 1, 1)`},
	{"ledger_currency_fkey", `insert into ledger (uuid, currency, change, balance) values ('a', 'shells', 1, 1)`},
	{"ledger_change_range", `insert into ledger (uuid, currency, change, balance) values ('a', 'coins', 0, 1)`},
	{"ledger_balance_range", `insert into ledger (uuid, currency, change, balance) values ('a', 'coins', -1, -1)`},
	{"ledger_peer_form", `insert into ledger (uuid, currency, change, balance, peer) values ('a', 'coins', 1, 1, 'a')`},
	{"ledger_peer_form", `insert into ledger (uuid, currency, change, balance, peer) values ('a', 'coins', 1, 1, '')`},
	{"ledger_key_form", `insert into ledger (uuid, currency, change, balance, key) values ('a', 'coins', 1, 1, '')`},
	{
		"ledger_key_form",
		`insert into ledger (uuid, currency, change, balance, key) values ('a', 'coins', 1, 1, repeat('a', 129))`,
	},
	{
		"ledger_key_idx",
		`insert into ledger (uuid, currency, change, balance, key)
			select 'a', 'coins', 1, 1, 'k' from generate_series(1, 2)`,
	},
	{
		"ledger_reason_length",
		`insert into ledger (uuid, currency, change, balance, reason) values ('a', 'coins', 1, 1, repeat('a', 513))`,
	},
	{
		"ledger_by_length",
		`insert into ledger (uuid, currency, change, balance, by) values ('a', 'coins', 1, 1, repeat('a', 513))`,
	},
	{
		"ledger_server_length",
		`insert into ledger (uuid, currency, change, balance, server) values ('a', 'coins', 1, 1, repeat('a', 65))`,
	},
	{"change_entity_known", `insert into change (entity) values ('server')`},
	{"feed_singleton", `insert into feed (singleton, home) values (false, '')`},
	{"feed_pkey", `insert into feed (home) values ('')`},
	{"audit_floor_singleton", `insert into audit_floor (singleton) values (false)`},
	{"feed_key_singleton", `insert into feed_key (singleton) values (false)`},
	{"feed_key_pkey", `insert into feed_key default values`},
	{"feed_key_length", `update feed_key set key = 'short'`},
	{"audit_field_known", `insert into audit (entity, field) values ('x', 'rank')`},
	{"audit_field_known", `insert into audit (entity, field) values ('player', 'reason')`},
	{"audit_field_known", `insert into audit (entity, field) values ('ban', 'rank')`},
	{"audit_field_known", `insert into audit (entity, field, ip) values ('player', 'rank', '10.0.0.1')`},
	{"audit_field_known", `insert into audit (entity, field, ban) values ('player', 'rank', 1)`},
	{
		"audit_changed_by_length",
		`insert into audit (entity, field, changed_by) values ('player', 'rank', repeat('a', 513))`,
	},
	{"audit_server_length", `insert into audit (entity, field, server) values ('player', 'rank', repeat('a', 65))`},
}

// currentRun is a run in progress, valid except for one column.
func currentRun(column, value string) string {
	return withValue("map_run_current", map[string]string{
		"server": "'a'", "map": "'a'", "gamemode": "'a'", "session": "'a'",
		"started_at": "now()", "reported_at": "now()", "players": "1", "max_players": "1",
	}, column, value)
}

// finishedRun is a finished run, valid except for one column.
func finishedRun(column, value string) string {
	return withValue("map_run", map[string]string{
		"server": "'a'", "map": "'a'", "gamemode": "'a'", "winner": "'a'", "success": "true",
		"started_at": "now()", "ended_at": "now()", "played_ms": "0", "max_players": "1",
	}, column, value)
}

func withValue(relation string, row map[string]string, column, value string) string {
	row[column] = value
	columns := slices.Sorted(maps.Keys(row))
	values := make([]string, len(columns))
	for i, name := range columns {
		values[i] = row[name]
	}
	return fmt.Sprintf(
		"insert into %s (%s) values (%s)", relation, strings.Join(columns, ", "), strings.Join(values, ", "),
	)
}
