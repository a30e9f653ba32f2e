# Made by `iolaus study figures`; gnuplot draws it again.
set terminal svg size 860,490 font 'Helvetica,13' background '#ffffff' noenhanced
set output 'stops-r0.svg'
set title "responses per stop after the fence, R0 [95%], by strength" textcolor rgb '#222222'
unset key
set border 3 linecolor rgb '#888888'
set tics nomirror scale 0.5 textcolor rgb '#222222'
set border 1
set grid xtics linecolor rgb '#dddddd' linetype 1
set yrange [9.7:0.3]
set key outside bottom center horizontal
set xrange [-0.15:*]
set arrow from 1, graph 0 to 1, graph 1 nohead dashtype 2 linecolor rgb '#888888'
$group0 << END
0.833333 0 0 0.000819751 1 "terminate"
1.83333 0 0 0.000819751 2 "recall"
2.83333 0 0 0.000819751 3 "sweep"
3.83333 0 0 0.000819751 4 "blackout"
4.83333 0 0 0.000819751 5 "tombstone"
5.83333 0 0 0.000819751 6 "lease"
6.83333 0 0 0.000819751 7 "quarantine"
7.83333 0 0 0.000819751 8 "cauterize"
8.83333 0 0 0.000819751 9 "cauterize-together"
END
$group1 << END
1 1.06444 0.976889 1.15623 1 "terminate"
2 1.04978 0.959333 1.13467 2 "recall"
3 0.952889 0.870155 1.02692 3 "sweep"
4 0.869333 0.802422 0.935339 4 "blackout"
5 0 0 0.000819751 5 "tombstone"
6 0 0 0.000819751 6 "lease"
7 0 0 0.000819751 7 "quarantine"
8 0 0 0.000819751 8 "cauterize"
9 0 0 0.000819751 9 "cauterize-together"
END
$group2 << END
1.16667 6.19267 5.87526 6.50891 1 "terminate"
2.16667 6.16289 5.87774 6.47008 2 "recall"
3.16667 5.39267 5.12763 5.65868 3 "sweep"
4.16667 4.68444 4.47911 4.88274 4 "blackout"
5.16667 0 0 0.000819751 5 "tombstone"
6.16667 0 0 0.000819751 6 "lease"
7.16667 0 0 0.000819751 7 "quarantine"
8.16667 0 0 0.000819751 8 "cauterize"
9.16667 0 0 0.000819751 9 "cauterize-together"
END
plot $group0 using 2:1:3:4 with xerrorbars linewidth 1.5 pointtype 7 pointsize 0.6 linecolor rgb '#56b4e9' title "none", \
  $group0 using 2:5:ytic(6) with points pointtype 0 linecolor rgb '#ffffff' notitle, \
  $group1 using 2:1:3:4 with xerrorbars linewidth 1.5 pointtype 7 pointsize 0.6 linecolor rgb '#e69f00' title "moderate", \
  $group1 using 2:5:ytic(6) with points pointtype 0 linecolor rgb '#ffffff' notitle, \
  $group2 using 2:1:3:4 with xerrorbars linewidth 1.5 pointtype 7 pointsize 0.6 linecolor rgb '#d55e00' title "strong", \
  $group2 using 2:5:ytic(6) with points pointtype 0 linecolor rgb '#ffffff' notitle
