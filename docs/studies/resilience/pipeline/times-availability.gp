# Made by `iolaus study figures`; gnuplot draws it again.
set terminal svg size 860,645 font 'Helvetica,13' background '#ffffff' noenhanced
set output 'times-availability.svg'
set title "availability [95%, by runs]" textcolor rgb '#222222'
unset key
set border 3 linecolor rgb '#888888'
set tics nomirror scale 0.5 textcolor rgb '#222222'
$data << END
1 0.996059 0.995875 0.996255 0
2 0.992526 0.991727 0.993339 1
3 0.996785 0.996608 0.996955 2
4 0.996205 0.995999 0.996394 3
5 0.996086 0.995904 0.996279 4
6 0.994784 0.994341 0.995161 5
8 0.480056 0.478802 0.481265 0
9 0.8051 0.762856 0.847049 1
10 0.86578 0.824144 0.904987 2
11 0.973041 0.972529 0.973618 3
12 0.994321 0.994105 0.994534 4
13 0.965703 0.952574 0.976648 5
15 0.894444 0.891962 0.896647 0
16 0.902519 0.893133 0.911234 1
17 0.769507 0.742075 0.795202 2
18 0.898061 0.895105 0.900598 3
19 0.900586 0.897755 0.90323 4
20 0.899493 0.888844 0.908866 5
22 0.971461 0.971082 0.971805 0
23 0.950386 0.937721 0.961063 1
24 0.977372 0.975583 0.979387 2
25 0.986613 0.98635 0.98689 3
26 0.990283 0.99005 0.99051 4
27 0.985739 0.985384 0.98609 5
29 0.971482 0.971197 0.97177 0
30 0.907557 0.892395 0.922529 1
31 0.97144 0.971006 0.971868 2
32 0.98391 0.983678 0.984164 3
33 0.984575 0.984266 0.984884 4
34 0.978359 0.977711 0.979022 5
END
set border 1
set grid xtics linecolor rgb '#dddddd' linetype 1
set key outside right center Left reverse samplen 1 spacing 1.3
set ytics scale 0 ("stops-alone" 3.5, "crashes" 10.5, "partitions" 17.5, "node" 24.5, "node-for-long" 31.5)
set yrange [34.7:0.3]
plot $data using ($5 == 0 ? $2 : NaN):1:3:4 with xerrorbars linewidth 1.5 pointtype 7 pointsize 0.6 linecolor rgb '#222222' title "none", \
  $data using ($5 == 1 ? $2 : NaN):1:3:4 with xerrorbars linewidth 1.5 pointtype 7 pointsize 0.6 linecolor rgb '#d55e00' title "peers", \
  $data using ($5 == 2 ? $2 : NaN):1:3:4 with xerrorbars linewidth 1.5 pointtype 7 pointsize 0.6 linecolor rgb '#cc79a7' title "peers-without-mask", \
  $data using ($5 == 3 ? $2 : NaN):1:3:4 with xerrorbars linewidth 1.5 pointtype 7 pointsize 0.6 linecolor rgb '#0072b2' title "backoff", \
  $data using ($5 == 4 ? $2 : NaN):1:3:4 with xerrorbars linewidth 1.5 pointtype 7 pointsize 0.6 linecolor rgb '#009e73' title "intensity", \
  $data using ($5 == 5 ? $2 : NaN):1:3:4 with xerrorbars linewidth 1.5 pointtype 7 pointsize 0.6 linecolor rgb '#e69f00' title "peers-and-backoff"
