/** Decides `lookaside doctor`: says what is wrong with a configuration and its store, before a deployment does. */
import { Command } from 'commander';
import { diagnose, type Finding, loadConfig } from '../index.js';

interface DoctorOptions {
  config?: string;
}

/** Ends with exit code 1 if anything keeps the promise from being kept; warnings alone leave it at 0. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('check a configuration and the store that it names')
    .option(
      '--config <file>',
      'a .json, .js, .cjs or .mjs file; without one, the LOOKASIDE_* variables alone',
    )
    .action(doctor);
}

async function doctor({ config: file }: DoctorOptions): Promise<void> {
  const findings = await diagnose(file === undefined ? {} : loadConfig(file));
  for (const finding of findings) console.log(lineOf(finding));
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  console.log(
    findings.length === 0 ? 'ok' : `${errors} to be corrected, ${findings.length - errors} to be considered`,
  );
  if (errors > 0) process.exitCode = 1;
}

const lineOf = ({ severity, name, text }: Finding): string => `${severity} (${name}): ${text}`;
