import { badTeacherMethod } from './badTeacher';
import { fineTuneMethod } from './fineTune';
import { gradientAscentMethod } from './gradientAscent';
import { iauMethod } from './iau';
import { cfKMethod, euKMethod } from './lastLayers';
import { negGradPlusMethod } from './negGradPlus';
import { retrainMethod } from './retrain';
import { randomLabelsMethod, salunMethod } from './salun';
import { scrubMethod } from './scrub';
import { ssdMethod } from './ssd';
import { zeroRowMethod } from './zeroRow';

/** The methods for classifiers. */
export const CLASSIFIER_METHODS = [
  ...[ssdMethod, salunMethod, iauMethod, scrubMethod, badTeacherMethod, negGradPlusMethod],
  ...[randomLabelsMethod, gradientAscentMethod, fineTuneMethod, cfKMethod, euKMethod],
  ...[zeroRowMethod, retrainMethod],
] as const;
