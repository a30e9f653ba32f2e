# Made by `iolaus study figures`; gnuplot draws it again.
set terminal svg size 860,420 font 'Helvetica,13' background '#ffffff' noenhanced
set output 'collusion-power.svg'
set title "crews found at p of at most 0.0001 [95%], of 200 to an arm" textcolor rgb '#222222'
unset key
set border 3 linecolor rgb '#888888'
set tics nomirror scale 0.5 textcolor rgb '#222222'
set grid ytics linecolor rgb '#dddddd' linetype 1
set yrange [0:1.02]
set autoscale xfix
set key bottom right reverse Left
set offsets graph 0.02, graph 0.02, 0, 0
set ylabel 'share of crews'
set xlabel "strength"
$line0 << END
0 0 0 0.0188453
0.1 0.08 0.0498406 0.125989
0.2 0.315 0.254623 0.38235
0.3 0.66 0.591885 0.722085
0.4 0.8 0.739145 0.849548
0.5 0.94 0.898068 0.965348
0.6 0.985 0.956834 0.994886
0.7 0.985 0.956834 0.994886
0.8 1 0.981155 1
0.9 1 0.981155 1
1 1 0.981155 1
END
$line1 << END
0 0 0 0.0188453
0.1 0.02 0.00780443 0.0502871
0.2 0.18 0.132946 0.239115
0.3 0.465 0.397186 0.534134
0.4 0.72 0.654077 0.777631
0.5 0.885 0.833353 0.922136
0.6 0.975 0.942822 0.989275
0.7 0.985 0.956834 0.994886
0.8 1 0.981155 1
0.9 1 0.981155 1
1 1 0.981155 1
END
plot $line0 using 1:2:3:4 with yerrorlines linewidth 1.5 pointtype 7 pointsize 0.6 linecolor rgb '#0072b2' title 'joint defence', \
  $line1 using 1:2:3:4 with yerrorlines linewidth 1.5 pointtype 7 pointsize 0.6 linecolor rgb '#d55e00' title 'mutual information'
