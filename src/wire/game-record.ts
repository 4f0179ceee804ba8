/** Finished games ↔ messages. Whether the moves are legal is for `go/game-record.ts` to say; here only the form is read. */

import { BLACK, type Color } from '../go/color.js';
import type { GameRecord, SearchRecord } from '../go/game-record.js';
import * as pb from '../proto/tengen/v1/self_play.js';
import { colorFromWire, rulesFromWire, rulesToWire } from './rules.js';
