# Totals by region and month of sales given as CSV.
# Run it: runyard run examples/awk < examples/awk/input.txt
BEGIN { FS = "," }

NR == 1 { next }

{
    split($1, date, "-")
    month = date[1] "-" date[2]
    amount = $3 * $4
    sum[$2, month] += amount
    total[$2] += amount
    regions[$2]
    months[month]
}

END {
    region_count = sorted(regions, region)
    month_count = sorted(months, column)
    line = sprintf("%-8s", "")
    for (j = 1; j <= month_count; j++) line = line sprintf("%10s", column[j])
    print line sprintf("%11s", "total")
    for (i = 1; i <= region_count; i++) {
        line = sprintf("%-8s", region[i])
        for (j = 1; j <= month_count; j++) line = line money(sum[region[i], column[j]], 10)
        print line money(total[region[i]], 11)
    }
}
