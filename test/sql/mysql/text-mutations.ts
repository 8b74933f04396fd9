/** Decides how a text is spoilt: words dropped, doubled, exchanged, or put in from elsewhere. */
import type { Random } from '../../../src/clock.js';

const strangers =
  `( ) , ; . * + - = <=> := @ ? 1 'a' "b" \`c\` a t1 select from where as on using join left natural union all
  distinct not in is null and or between like exists case when end interval day group by order limit offset having
  with values row default set for update lock into ignore index partition over window desc collate binary @@x /*!`.split(
    /\s+/,
  );

/** Words, quoted texts, symbols. */
const piece = /'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`[^`]*`|[\w$]+|\s+|[^\s\w]/g;

export function mutated(text: string, random: Random): string {
  const below = (count: number): number => Math.floor(random.fraction() * count);
  const pieces = (text.match(piece) ?? []).filter((each) => each.trim() !== '');
  for (let more = 1 + below(2); more > 0; more--) {
    const index = below(pieces.length);
    const other = below(pieces.length);
    const found = pieces[index] ?? '';
    switch (below(5)) {
      case 0:
        pieces.splice(index, 1);
        break;
      case 1:
        pieces.splice(index, 0, found);
        break;
      case 2:
        pieces[index] = pieces[other] ?? '';
        pieces[other] = found;
        break;
      default:
        pieces.splice(index, below(2), strangers[below(strangers.length)] ?? '');
    }
  }
  return pieces.join(' ').replaceAll(' . ', '.').replaceAll('@ @ ', '@@').replaceAll('@ ', '@');
}
