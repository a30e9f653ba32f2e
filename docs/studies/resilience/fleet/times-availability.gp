# Made by `iolaus study figures`; gnuplot draws it again.
set terminal svg size 860,645 font 'Helvetica,13' background '#ffffff' noenhanced
set output 'times-availability.svg'
set title "availability [95%, by runs]" textcolor rgb '#222222'
unset key
set border 3 linecolor rgb '#888888'
set tics nomirror scale 0.5 textcolor rgb '#222222'
$data << END
1 0.97934 0.978501 0.980149 0
2 0.970103 0.967663 0.972157 1
3 0.972781 0.97081 0.974365 2
4 0.979647 0.978728 0.980567 3
5 0.980046 0.97911 0.980942 4
6 0.97929 0.978406 0.980157 5
8 0.185939 0.184722 0.187055 0
9 0.788363 0.71316 0.859173 1
10 0.766392 0.677166 0.844396 2
11 0.95301 0.951878 0.954094 3
12 0.974984 0.974133 0.975853 4
13 0.964782 0.96359 0.965877 5
15 0.906193 0.899145 0.912146 0
16 0.915777 0.90893 0.922327 1
17 0.920899 0.914256 0.927211 2
18 0.957353 0.954867 0.959584 3
19 0.958061 0.956078 0.95987 4
20 0.948646 0.94562 0.951205 5
22 0.973969 0.972993 0.974883 0
23 0.912559 0.897001 0.925414 1
24 0.957417 0.9533 0.961939 2
25 0.969453 0.968476 0.970493 3
26 0.972558 0.971848 0.973259 4
27 0.967178 0.965817 0.968566 5
29 0.973552 0.972744 0.974367 0
30 0.920287 0.901754 0.934682 1
31 0.957899 0.952516 0.962681 2
32 0.969109 0.968043 0.970156 3
33 0.969027 0.96803 0.969962 4
34 0.964045 0.962912 0.965251 5
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
