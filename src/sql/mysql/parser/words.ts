/**
 * Decides which words may be names without quotes. Reserved is what MySQL 5.7 to 8.4 or MariaDB reserve, because a text is
 * only read where all of them read the same; except for words that would be nothing else where they are allowed.
 */

const reserved = new Set(
  `accessible add all alter analyze and as asc asensitive before between bigint binary blob both by call cascade case
  change char character check collate column condition constraint continue convert create cross current_date current_role
  current_time current_timestamp current_user cursor database databases day_hour day_microsecond day_minute day_second dec
  decimal declare default delayed delete desc describe deterministic distinct distinctrow div double drop dual each else
  elseif enclosed escaped except exists exit explain false fetch float float4 float8 for force foreign from fulltext
  generated get grant group having high_priority hour_microsecond hour_minute hour_second if ignore in index infile inner
  inout insensitive insert int int1 int2 int3 int4 int8 integer intersect interval into is iterate join json_table key keys
  kill lateral leading leave left like limit linear lines load localtime localtimestamp lock long longblob longtext loop
  low_priority master_ssl_verify_server_cert match maxvalue mediumblob mediumint mediumtext middleint minus minute_microsecond minute_second mod modifies
  natural no_write_to_binlog not null numeric of on optimize option optionally or order out outer outfile over partition precision primary
  procedure purge qualify range read read_write reads real recursive references regexp release rename repeat replace require resignal
  restrict return returning revoke right rlike row rows schema schemas second_microsecond select sensitive separator set
  show signal smallint spatial specific sql sqlexception sqlstate sqlwarning sql_big_result sql_calc_found_rows
  sql_small_result ssl starting stored straight_join table tablesample terminated then tinyblob tinyint tinytext to trailing
  trigger true undo union unique unlock unsigned update usage use using utc_date utc_time utc_timestamp values varbinary
  varchar varcharacter varying virtual when where while window with write xor year_month zerofill`.split(
    /\s+/,
  ),
);

/** Words that only some servers reserve and that mean nothing by themselves: names if they are named, never an alias without AS. */
const halfReserved = new Set(
  `any cube cume_dist dense_rank empty external first_value function general grouping groups lag last_value lead library
  manual master_bind nth_value ntile offset parallel percent_rank portion rank row_number slow some
  system escape member sounds array nowait skip locked window value system_time end begin`.split(/\s+/),
);

/** @param word in lower case; '' is no word */
export const mayBeName = (word: string): boolean => word !== '' && !reserved.has(word);

/** Where a name may stand or not, and other words of the grammar too. */
export const mayBeAlias = (word: string): boolean => mayBeName(word) && !halfReserved.has(word);
