# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# For faults.sh, from what strace wrote of a run: "CALL NUMBER ERROR MUST NAME". NUMBER counts all calls
# of that name ("N+": and all that follow), MUST is 1 where the run can't succeed. -v all, target.
function keep(must, name) {
	gsub(/ /, "_", name)
	key = call "|" name
	if (!(key in first)) { order[++keys] = key; first[key] = n[call] }
	else if (all) middle[key] = middle[key] " " n[call]
	last[key] = n[call]; musts[key] = must; names[key] = name
}
function print_one(key, number) {
	split(key, part, "|")
	# a look at what is still in flight may fail, the one at what is there at the end may not
	print part[1], number, "EIO", musts[key] && !(key ~ /LOOKUP|NEXT_KEY|GET_INFO/ && number != last[key]), names[key]
}
{ sub(/^[0-9]+ +/, "") }
!match($0, /^[a-z_0-9]+\(/) { next }
{ call = substr($0, 1, RLENGTH - 1); n[call]++; split($0, q, "\""); path = q[2] }
!all && target == "m.prom" && (call ~ /^(perf|ioctl|epoll)/ || /BPF_/ && !/LOOKUP|NEXT_KEY/) { next }
call == "openat" {
	# the loader, and the steps to a folder but the first
	if (path ~ /^\/(lib|etc)\// || (/O_PATH/ && path != "/")) next
	gsub(/tmp\.[0-9]+/, "tmp.PID", path)
	if (!all && path ~ /^\/dev\//) next
	keep(0, !all && path ~ /^\/(proc|sys)\/(sys|cpuinfo|class|devices)/ && path !~ /possible/ ?
		"the machine" : path)
}
call == "write" && /"[0-9]+\\n"/ { next } # who holds the lock, for a message
call == "write" || call ~ /^rename/ || call == "fchmod" { keep(1, call n[call]) }
call == "fsync" { keep(0, call n[call]) } # the second is the folder
call == "flock" || call == "ftruncate" { keep(0, call) }
# a kprobe event that can't be had is a kprobe for each of its places
call == "perf_event_open" { keep(!/PERF_TYPE_TRACEPOINT/, /PERF_TYPE_TRACEPOINT/ ? "an_event" : call) }
call == "write" && /"(-|[pr][0-9]*):migtrace_/ { keep(0, "an_event" n[call]); next }
call == "ioctl" && match($0, /PERF_EVENT_IOC_[A-Z]+/) {
	keep(0, substr($0, RSTART, RLENGTH)) # of an event: see above
}
call == "mmap" && /MAP_SHARED/ && match($0, /, -?[0-9]+, (0x)?[0-9a-f]+\)/) {
	keep(target == "run.json", "mmap_of" substr($0, RSTART + 1, RLENGTH - 2))
}
call ~ /^epoll/ { keep(1, call) }
call == "bpf" {
	match($0, /BPF_[A-Z_]+/); cmd = substr($0, RSTART, RLENGTH); name = ""
	if (match($0, /prog_type=[A-Z_]+/)) name = substr($0, RSTART + 10, RLENGTH - 10)
	else if (match($0, /attach_type=[A-Z_]+/)) name = substr($0, RSTART + 12, RLENGTH - 12)
	else if (match($0, /\{map_fd=[0-9]+/)) name = substr($0, RSTART + 1, RLENGTH - 1)
	if (/libbpf_|SOCKET_FILTER|TYPE_TRACEPOINT|BTF_LOAD|BIND_MAP|_fd=-1/) next
	# libbpf tries again to make a map or to load a program
	keep(cmd !~ /DELETE|MAP_CREATE|PROG_LOAD/ && name !~ /PERF_EVENT/, cmd "_" name)
}
END {
	for (i = 1; i <= keys; i++) {
		key = order[i]
		print_one(key, first[key])
		m = split(middle[key], list, " ")
		for (j = 1; j < m; j++) print_one(key, list[j])
		if (last[key] != first[key] && (all || key ~ /LOOKUP|NEXT_KEY|GET_INFO|PID|\/$/))
			print_one(key, last[key])
		if (key ~ /MAP_CREATE|PROG_LOAD/) print "bpf", first[key] "+", "EIO", 1, names[key]
		# refused, which is no failure but the kernel's answer
		if (key ~ /PROG_LOAD.*KPROBE/) print "bpf", first[key] "+", "EPERM", 1, names[key]
		# once: it is done in another way; always: there is none
		if (key ~ /^perf_event/) print "perf_event_open", first[key], "EACCES", musts[key], names[key]
		if (key ~ /^perf_event/) print "perf_event_open", first[key] "+", "EACCES", 1, names[key]
	}
}
