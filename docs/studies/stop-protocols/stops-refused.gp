# Made by `iolaus study figures`; gnuplot draws it again.
set terminal svg size 860,490 font 'Helvetica,13' background '#ffffff' noenhanced
set output 'stops-refused.svg'
set title "attempts refused per stop, by strength" textcolor rgb '#222222'
unset key
set border 3 linecolor rgb '#888888'
set tics nomirror scale 0.5 textcolor rgb '#222222'
set border 1
set grid xtics linecolor rgb '#dddddd' linetype 1
set yrange [9.7:0.3]
set key outside bottom center horizontal
set xrange [-1:*]
$group0 << END
0.833333 0 0 0 1 "terminate"
1.83333 0 0 0 2 "recall"
2.83333 0 0 0 3 "sweep"
3.83333 0 0 0 4 "blackout"
4.83333 10.3333 10.3333 10.3333 5 "tombstone"
5.83333 10.3336 10.3336 10.3336 6 "lease"
6.83333 0.000222222 0.000222222 0.000222222 7 "quarantine"
7.83333 0.000222222 0.000222222 0.000222222 8 "cauterize"
8.83333 0 0 0 9 "cauterize-together"
END
$group1 << END
1 0.357556 0.357556 0.357556 1 "terminate"
2 0.398 0.398 0.398 2 "recall"
3 0.428 0.428 0.428 3 "sweep"
4 0.387333 0.387333 0.387333 4 "blackout"
5 40.174 40.174 40.174 5 "tombstone"
6 40.378 40.378 40.378 6 "lease"
7 4.90133 4.90133 4.90133 7 "quarantine"
8 4.92733 4.92733 4.92733 8 "cauterize"
9 4.30489 4.30489 4.30489 9 "cauterize-together"
END
$group2 << END
1.16667 4.94311 4.94311 4.94311 1 "terminate"
2.16667 4.92422 4.92422 4.92422 2 "recall"
3.16667 4.54044 4.54044 4.54044 3 "sweep"
4.16667 4.25467 4.25467 4.25467 4 "blackout"
5.16667 61.7344 61.7344 61.7344 5 "tombstone"
6.16667 61.4696 61.4696 61.4696 6 "lease"
7.16667 61.5511 61.5511 61.5511 7 "quarantine"
8.16667 61.5224 61.5224 61.5224 8 "cauterize"
9.16667 53.0156 53.0156 53.0156 9 "cauterize-together"
END
plot $group0 using 2:1:3:4 with xerrorbars linewidth 1.5 pointtype 7 pointsize 0.6 linecolor rgb '#56b4e9' title "none", \
  $group0 using 2:5:ytic(6) with points pointtype 0 linecolor rgb '#ffffff' notitle, \
  $group1 using 2:1:3:4 with xerrorbars linewidth 1.5 pointtype 7 pointsize 0.6 linecolor rgb '#e69f00' title "moderate", \
  $group1 using 2:5:ytic(6) with points pointtype 0 linecolor rgb '#ffffff' notitle, \
  $group2 using 2:1:3:4 with xerrorbars linewidth 1.5 pointtype 7 pointsize 0.6 linecolor rgb '#d55e00' title "strong", \
  $group2 using 2:5:ytic(6) with points pointtype 0 linecolor rgb '#ffffff' notitle
