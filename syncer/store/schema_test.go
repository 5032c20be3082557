package store_test

import "testing"

// What the migrations made in the schema: neither the extension's nor goose's.
const ours = `
with extension_member as (
    select classid, objid from pg_depend where deptype = 'e'
),
relation as (
    select oid, relname, relkind
    from pg_class
    where relnamespace = 'public'::regnamespace
      and relname not like 'goose\_db\_version%'
      and ('pg_class'::regclass, oid) not in (select * from extension_member)
),
routine as (
    select oid
    from pg_proc
    where pronamespace = 'public'::regnamespace
      and ('pg_proc'::regclass, oid) not in (select * from extension_member)
)`

func TestEverythingIsCommented(t *testing.T) {
	t.Parallel()
	conn, _ := database(t)
	if n := value[int](t, conn, ours+`
		select (select count(*) from relation where relkind in ('r', 'v'))
			+ (select count(*) from routine)`); n < 30 {
		t.Fatalf("only %d objects found", n)
	}
	for _, missing := range column[string](t, conn, ours+`
		select pg_describe_object('pg_class'::regclass, oid, 0)
		from relation
		where relkind in ('r', 'v', 'S') and obj_description(oid, 'pg_class') is null
		  and not exists (
			select from pg_depend where classid = 'pg_class'::regclass and objid = relation.oid and deptype = 'i'
		  )
		union all
		select pg_describe_object('pg_class'::regclass, attrelid, attnum)
		from pg_attribute
		join relation on relation.oid = attrelid
		where relkind in ('r', 'v') and attnum > 0 and not attisdropped and col_description(attrelid, attnum) is null
		union all
		select pg_describe_object('pg_proc'::regclass, oid, 0) from routine
		where obj_description(oid, 'pg_proc') is null
		union all
		select 'role ' || rolname from pg_roles
		where rolname like 'playersync%' and shobj_description(oid, 'pg_authid') is null
	`) {
		t.Errorf("%s has no comment", missing)
	}
}

// The store names the field at fault by the constraint, so each has a name that
// says what it demands: the table, the column and the rule.
func TestConstraintsAreNamed(t *testing.T) {
	t.Parallel()
	conn, _ := database(t)
	constraints := `
		select relname || ': ' || conname
		from pg_constraint
		join relation on relation.oid = conrelid
		where contype not in ('n', 't')`
	if all := column[string](t, conn, ours+constraints); len(all) < 40 {
		t.Fatalf("only %d constraints found", len(all))
	}
	for _, badly := range column[string](t, conn, ours+constraints+`
		  and (not starts_with(conname, relname || '_') or conname !~ case contype
			  when 'p' then '_pkey$'
			  when 'u' then '_key$'
			  when 'f' then '_' || (select relname from pg_class where pg_class.oid = confrelid) || '_fkey$'
			  else '_(form|set|range|length|known|complete|singleton|one_target|is_network|not_mapped)$'
		  end)
	`) {
		t.Errorf("constraint %s", badly)
	}
}

// Functions that act with their owner's rights must not take names from whoever
// calls them.
func TestSecurityDefinersFixTheirSearchPath(t *testing.T) {
	t.Parallel()
	conn, _ := database(t)
	if n := value[int](t, conn, ours+`select count(*) from routine join pg_proc using (oid) where prosecdef`); n < 8 {
		t.Fatalf("only %d functions found", n)
	}
	for _, open := range column[string](t, conn, ours+`
		select proname::text
		from routine
		join pg_proc using (oid)
		where prosecdef and not coalesce(proconfig @> array['search_path=pg_catalog, public, pg_temp'], false)
	`) {
		t.Errorf("%s has no search_path of its own", open)
	}
}
