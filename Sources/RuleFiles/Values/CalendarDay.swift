/// The days from 1 January 1970 to this day of the Gregorian calendar; negative before. Months are 1...12; a day may lie
/// outside of its month and then counts on.
func daysSince1970(year: Int, month: Int, day: Int) -> Int64 {
  // Years that begin on 1 March, so that the leap day comes last.
  let marchYear = month > 2 ? year : year - 1
  let marchMonth = month > 2 ? month - 3 : month + 9
  let era = (marchYear >= 0 ? marchYear : marchYear - 399) / 400
  let yearOfEra = marchYear - era * 400
  let dayOfYear = (153 * marchMonth + 2) / 5 + day - 1
  let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
  // 719,468 days lie between 1 March of year 0 and 1 January 1970; an era of 400 years has 146,097 days.
  return Int64(era * 146_097 + dayOfEra - 719_468)
}
