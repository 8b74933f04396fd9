/**
 * Decides what calling a function that the server brings along may do. Those of users are judged elsewhere.
 *
 * Session settings that some of them follow (time_zone, sql_mode, character sets and collations, group_concat_max_len,
 * div_precision_increment, lc_time_names, default_week_format, default_regex_flags) are in every cache key.
 */

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** The result depends on the arguments and on those settings. With a number of arguments where another overload is not so. */
const pure: ReadonlySet<string> = new Set([
  ...words(`
  abs acos asin atan atan2 ceil ceiling conv cos cot crc32 degrees exp floor format greatest least ln log log10 log2 mod
  oct pi pow power radians round sign sin sqrt tan truncate bin hex unhex bit_count
  ascii bit_length char char_length character_length concat concat_ws elt export_set field find_in_set from_base64
  to_base64 insert instr lcase left length locate lower lpad ltrim make_set mid octet_length ord position quote
  regexp_instr regexp_like regexp_replace regexp_substr repeat replace reverse right rpad rtrim soundex space strcmp
  substr substring substring_index trim ucase upper weight_string compress uncompress uncompressed_length md5 sha sha1
  sha2 chr natural_sort_key extractvalue updatexml lengthb
  adddate subdate date datediff date_add date_sub date_format day dayname dayofmonth dayofweek dayofyear extract
  from_days from_unixtime get_format hour last_day makedate microsecond minute month monthname period_add period_diff
  quarter second timestamp timestampadd timestampdiff time_format time_to_sec to_days to_seconds week weekday weekofyear
  year yearweek
  avg bit_and bit_or bit_xor count group_concat json_arrayagg json_objectagg max min std stddev stddev_pop stddev_samp
  sum var_pop var_samp variance any_value grouping
  row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value median
  percentile_cont percentile_disc
  if ifnull nullif coalesce isnull nvl nvl2 interval convert values row
  inet_aton inet_ntoa inet6_aton inet6_ntoa is_ipv4 is_ipv6 is_ipv4_compat is_ipv4_mapped uuid_to_bin bin_to_uuid is_uuid
  json_array json_array_append json_array_insert json_compact json_contains json_contains_path json_depth json_detailed
  json_equals json_exists json_extract json_insert json_keys json_length json_loose json_merge json_merge_patch
  json_merge_preserve json_normalize json_object json_overlaps json_pretty json_query json_quote json_remove json_replace
  json_schema_valid json_search json_set json_storage_size json_type json_unquote json_valid json_value member_of
  st_area st_asbinary st_asgeojson st_astext st_aswkb st_aswkt st_contains st_crosses st_difference st_disjoint
  st_distance st_distance_sphere st_envelope st_equals st_geomfromgeojson st_geomfromtext st_geomfromwkb st_intersection
  st_intersects st_isvalid st_latitude st_length st_longitude st_numpoints st_overlaps st_pointfromtext st_srid
  st_touches st_union st_within st_x st_y point linestring polygon mbrcontains mbrwithin mbrintersects
  `),
  'unix_timestamp/1',
]);

/** What depends on more: the clock, chance, the session, the server. It changes no table and no setting. */
const unstable: ReadonlySet<string> = new Set(
  words(`
  now current_timestamp localtime localtimestamp sysdate curdate current_date curtime current_time utc_date utc_time
  utc_timestamp unix_timestamp rand uuid uuid_short uuid_v4 uuid_v7 sys_guid last_insert_id row_count found_rows
  connection_id user current_user session_user system_user current_role database schema version sleep benchmark load_file
  get_lock release_lock release_all_locks is_free_lock is_used_lock master_pos_wait source_pos_wait master_gtid_wait
  wait_for_executed_gtid_set wait_until_sql_thread_after_gtids gtid_subset gtid_subtract binlog_gtid_pos
  nextval lastval setval random_bytes charset collation coercibility encrypt password old_password encode decode
  des_encrypt des_decrypt aes_encrypt aes_decrypt kdf convert_tz addtime subtime maketime sec_to_time str_to_date time
  timediff to_char sformat name_const validate_password_strength statement_digest statement_digest_text format_bytes
  format_pico_time ps_current_thread_id ps_thread_id icu_version roles_graphml analyse match json_table default
  `),
);

export type BuiltIn = 'pure' | 'unstable' | 'unknown';

export function builtInOf(name: string, argumentCount: number): BuiltIn {
  if (pure.has(name) || pure.has(`${name}/${argumentCount}`)) return 'pure';
  return unstable.has(name) ? 'unstable' : 'unknown';
}

/** Whether it may stand before a bracket without being a function of users. */
export const isBuiltIn = (name: string): boolean => builtInOf(name, 1) !== 'unknown';

/** Those that make one value of several rows: without GROUP BY there is a row even where there is none to be seen. */
const aggregates: ReadonlySet<string> = new Set(
  words(`
  avg bit_and bit_or bit_xor count group_concat json_arrayagg json_objectagg max min std stddev stddev_pop stddev_samp sum
  var_pop var_samp variance any_value
  `),
);

export const isAggregate = (name: string): boolean => aggregates.has(name);
