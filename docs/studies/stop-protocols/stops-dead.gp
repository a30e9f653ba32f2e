# Made by `iolaus study figures`; gnuplot draws it again.
set terminal svg size 860,490 font 'Helvetica,13' background '#ffffff' noenhanced
set output 'stops-dead.svg'
set title "targets that stayed dead, in % [95%], by strength" textcolor rgb '#222222'
unset key
set border 3 linecolor rgb '#888888'
set tics nomirror scale 0.5 textcolor rgb '#222222'
set border 1
set grid xtics linecolor rgb '#dddddd' linetype 1
set yrange [9.7:0.3]
set key outside bottom center horizontal
set xrange [-2:102]
$group0 << END
0.833333 100 99.9147 100 1 "terminate"
1.83333 100 99.9147 100 2 "recall"
2.83333 100 99.9147 100 3 "sweep"
3.83333 100 99.9147 100 4 "blackout"
4.83333 100 99.9147 100 5 "tombstone"
5.83333 100 99.9147 100 6 "lease"
6.83333 100 99.9147 100 7 "quarantine"
7.83333 100 99.9147 100 8 "cauterize"
8.83333 100 99.9147 100 9 "cauterize-together"
END
$group1 << END
1 61.5111 58.025 64.883 1 "terminate"
2 60.8 57.3362 64.1584 2 "recall"
3 62.3778 58.9136 65.7198 3 "sweep"
4 64.5778 61.4304 67.6037 4 "blackout"
5 100 99.9147 100 5 "tombstone"
6 100 99.9147 100 6 "lease"
7 100 99.9147 100 7 "quarantine"
8 100 99.9147 100 8 "cauterize"
9 100 99.9147 100 9 "cauterize-together"
END
$group2 << END
1.16667 3.62222 2.89746 4.51984 1 "terminate"
2.16667 3.71111 2.96064 4.64271 2 "recall"
3.16667 4.06667 3.1638 5.21332 3 "sweep"
4.16667 4 3.20243 4.98597 4 "blackout"
5.16667 100 99.9147 100 5 "tombstone"
6.16667 100 99.9147 100 6 "lease"
7.16667 100 99.9147 100 7 "quarantine"
8.16667 100 99.9147 100 8 "cauterize"
9.16667 100 99.9147 100 9 "cauterize-together"
END
plot $group0 using 2:1:3:4 with xerrorbars linewidth 1.5 pointtype 7 pointsize 0.6 linecolor rgb '#56b4e9' title "none", \
  $group0 using 2:5:ytic(6) with points pointtype 0 linecolor rgb '#ffffff' notitle, \
  $group1 using 2:1:3:4 with xerrorbars linewidth 1.5 pointtype 7 pointsize 0.6 linecolor rgb '#e69f00' title "moderate", \
  $group1 using 2:5:ytic(6) with points pointtype 0 linecolor rgb '#ffffff' notitle, \
  $group2 using 2:1:3:4 with xerrorbars linewidth 1.5 pointtype 7 pointsize 0.6 linecolor rgb '#d55e00' title "strong", \
  $group2 using 2:5:ytic(6) with points pointtype 0 linecolor rgb '#ffffff' notitle
