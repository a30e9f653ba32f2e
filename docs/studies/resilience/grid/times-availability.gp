# Made by `iolaus study figures`; gnuplot draws it again.
set terminal svg size 860,645 font 'Helvetica,13' background '#ffffff' noenhanced
set output 'times-availability.svg'
set title "availability [95%, by runs]" textcolor rgb '#222222'
unset key
set border 3 linecolor rgb '#888888'
set tics nomirror scale 0.5 textcolor rgb '#222222'
$data << END
1 0.906383 0.906138 0.906621 0
2 0.958364 0.953991 0.962807 1
3 0.963826 0.959488 0.968257 2
4 0.965961 0.965727 0.966211 3
5 0.989624 0.989389 0.989868 4
6 0.980185 0.978596 0.981746 5
8 0.568986 0.568751 0.569206 0
9 0.736035 0.72024 0.752661 1
10 0.721657 0.706065 0.73906 2
11 0.87077 0.870487 0.871043 3
12 0.988323 0.988053 0.988585 4
13 0.924225 0.918203 0.929797 5
15 0.715657 0.69754 0.73134 0
16 0.659515 0.644224 0.676307 1
17 0.536022 0.515727 0.555463 2
18 0.815634 0.801481 0.82798 3
19 0.826255 0.812548 0.838533 4
20 0.685865 0.670782 0.702158 5
22 0.238613 0.23839 0.238824 0
23 0.525257 0.504366 0.547375 1
24 0.527435 0.503217 0.552663 2
25 0.9046 0.904292 0.904928 3
26 0.971212 0.970972 0.971474 4
27 0.927878 0.922908 0.932061 5
29 0.238601 0.238403 0.238803 0
30 0.275696 0.271769 0.279754 1
31 0.277947 0.273182 0.28299 2
32 0.861375 0.861083 0.861652 3
33 0.893026 0.892727 0.893344 4
34 0.874835 0.873039 0.876681 5
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
