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
0.1 0.075 0.0459749 0.120044
0.2 0.305 0.245364 0.371986
0.3 0.67 0.602167 0.731426
0.4 0.805 0.74456 0.853945
0.5 0.935 0.891981 0.961624
0.6 0.98 0.949713 0.992196
0.7 0.99 0.964278 0.997253
0.8 1 0.981155 1
0.9 1 0.981155 1
1 1 0.981155 1
END
$line1 << END
0 0 0 0.0188453
0.1 0.03 0.0138203 0.0638943
0.2 0.185 0.137302 0.244571
0.3 0.46 0.392331 0.529177
0.4 0.735 0.669824 0.791318
0.5 0.865 0.810709 0.905534
0.6 0.97 0.936106 0.98618
0.7 0.985 0.956834 0.994886
0.8 1 0.981155 1
0.9 1 0.981155 1
1 1 0.981155 1
END
plot $line0 using 1:2:3:4 with yerrorlines linewidth 1.5 pointtype 7 pointsize 0.6 linecolor rgb '#0072b2' title 'joint defence', \
  $line1 using 1:2:3:4 with yerrorlines linewidth 1.5 pointtype 7 pointsize 0.6 linecolor rgb '#d55e00' title 'mutual information'
