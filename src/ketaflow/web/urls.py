"""The clinician's pages, in the order in which a patient meets them."""

from django.urls import path

from ketaflow.web import (
    aftercare,
    board,
    courses,
    custody,
    custody_answers,
    custody_count,
    custody_session,
    custody_setup,
    home,
    invitations,
    live,
    monitors,
    outcomes,
    patients,
    policy,
    record,
    referrals,
    schedule,
    schedule_bookings,
    schedule_setup,
    screening,
    screening_steps,
    session_form,
    session_paper,
    sessions,
    sessions_correct,
    staff,
    tasks,
)

urlpatterns = [
    path("", home.start, name="home"),
    path("still-here/", home.still_here, name="still_here"),
    # people
    path("patients/", patients.patients, name="patients"),
    path("patients/new/", patients.new, name="patient_new"),
    path("patients/<uuid:patient>/", patients.show, name="patient"),
    path("patients/<uuid:patient>/edit/", patients.edit, name="patient_edit"),
    path("patients/<uuid:patient>/note/", patients.note, name="patient_note"),
    path("patients/<uuid:patient>/record/", record.patient_record, name="patient_record"),
    path("referrals/upload/", referrals.upload, name="referral_upload"),
    path("staff/", staff.staff, name="staff"),
    path("staff/new/", staff.new, name="staff_new"),
    path("staff/<uuid:staff>/", staff.member, name="staff_member"),
    path("staff/<uuid:staff>/leave/", staff.leave, name="staff_leave"),
    path("record/", record.record, name="record"),
    # screening
    path("patients/<uuid:patient>/screening/", screening.screening, name="screening"),
    path(
        "patients/<uuid:patient>/screening/trials/new/",
        screening_steps.trial_new,
        name="screening_trial",
    ),
    path(
        "patients/<uuid:patient>/screening/trials/<uuid:trial>/",
        screening_steps.trial_correct,
        name="screening_trial_correct",
    ),
    path(
        "patients/<uuid:patient>/screening/reasons/<str:rule>/",
        screening_steps.reason,
        name="screening_reason",
    ),
    path(
        "patients/<uuid:patient>/screening/workup/<str:item>/",
        screening_steps.workup,
        name="screening_workup",
    ),
    # protocol
    path("policy/", policy.policy, name="policy"),
    path("protocols/", policy.library, name="protocols"),
    path("patients/<uuid:patient>/courses/new/", courses.choose, name="course_choose"),
    path("patients/<uuid:patient>/courses/new/<str:protocol>/", courses.plan, name="course_plan"),
    path("courses/<uuid:course>/", courses.course, name="course"),
    path("courses/<uuid:course>/dose/", courses.change, name="course_change"),
    path("courses/<uuid:course>/review/", courses.review, name="course_review"),
    path("courses/<uuid:course>/stretch/", courses.stretch, name="course_stretch"),
    path("courses/<uuid:course>/end/", courses.end, name="course_end"),
    path("courses/<uuid:course>/consent/", courses.consent, name="consent"),
    path("courses/<uuid:course>/consent/withdraw/", courses.withdraw, name="consent_withdraw"),
    # schedule
    path("schedule/", schedule.day, name="schedule"),
    path("schedule/week/", schedule.week, name="schedule_week"),
    path("schedule/setup/", schedule_setup.setup, name="schedule_setup"),
    path("courses/<uuid:course>/bookings/", schedule_bookings.bookings, name="bookings"),
    path(
        "courses/<uuid:course>/bookings/all/", schedule_bookings.whole_course, name="bookings_all"
    ),
    path(
        "courses/<uuid:course>/bookings/<uuid:booking>/",
        schedule_bookings.booking,
        name="booking",
    ),
    path(
        "courses/<uuid:course>/bookings.ics",
        schedule_bookings.course_calendar,
        name="course_calendar",
    ),
    path(
        "patients/<uuid:patient>/bookings.ics",
        schedule_bookings.patient_calendar,
        name="patient_calendar",
    ),
    # custody
    path("custody/", custody.custody, name="custody"),
    path("custody/setup/", custody_setup.setup, name="custody_setup"),
    path("custody/receive/", custody_setup.receive, name="custody_receive"),
    path("custody/move/", custody.move, name="custody_move"),
    path("custody/inventory/", custody_count.inventory, name="custody_inventory"),
    path("custody/report/", custody_answers.report, name="custody_report"),
    path("custody/signals/", custody_answers.signals, name="custody_signals"),
    path("custody/places/<uuid:place>/", custody.place, name="custody_place"),
    path("custody/places/<uuid:place>/count/", custody_count.count, name="custody_count"),
    path("custody/counts/<uuid:count>/", custody_count.counted, name="custody_counted"),
    path("custody/containers/<uuid:container>/", custody.container, name="custody_container"),
    path(
        "custody/containers/<uuid:container>/<str:deed>/",
        custody.container_do,
        name="custody_container_do",
    ),
    path("custody/sessions/<uuid:session>/", custody_session.session, name="custody_session"),
    path(
        "custody/sessions/<uuid:session>/<str:deed>/",
        custody_session.session_do,
        name="custody_session_do",
    ),
    path("custody/incidents/<uuid:incident>/", custody_count.incident, name="custody_incident"),
    path(
        "custody/incidents/<uuid:incident>/<str:deed>/",
        custody_count.incident_do,
        name="custody_incident_do",
    ),
    # session
    path("board/", board.board, name="board"),
    path("board/live/", live.board, name="board_live"),
    path("sessions/<uuid:session>/live/", live.room, name="session_live"),
    path("bookings/<uuid:booking>/check-in/", sessions.check_in, name="session_check_in"),
    path("courses/<uuid:course>/check-in/", sessions.walk_in, name="session_walk_in"),
    path("sessions/<uuid:session>/", sessions.session, name="session"),
    path("sessions/<uuid:session>/chair/", sessions.chair, name="session_chair"),
    path("sessions/<uuid:session>/do/<str:act>/", sessions.act, name="session_act"),
    path(
        "sessions/<uuid:session>/correct/<int:ordinal>/",
        sessions_correct.correct,
        name="session_correct",
    ),
    path("sessions/<uuid:session>/record.pdf", session_paper.record, name="session_pdf"),
    path(
        "sessions/<uuid:session>/monitoring-form/", session_form.monitoring, name="monitoring_form"
    ),
    path(
        "sessions/<uuid:session>/monitoring-form.pdf",
        session_form.monitoring_pdf,
        name="monitoring_form_pdf",
    ),
    path("monitoring-forms/", session_form.due, name="monitoring_forms"),
    path("sessions/<uuid:session>/confirm/", monitors.confirm, name="session_confirm"),
    path("monitors/", monitors.monitors, name="monitors"),
    path("sessions/<uuid:session>/print/", sessions.printed, name="session_print"),
    path("patients/<uuid:patient>/sessions/", sessions.of_patient, name="sessions"),
    # outcomes
    path("patients/<uuid:patient>/outcomes/", outcomes.outcomes, name="outcomes"),
    path("patients/<uuid:patient>/invitations/", invitations.invitations, name="invitations"),
    path(
        "patients/<uuid:patient>/invitations/<uuid:invitation>/withdraw/",
        invitations.withdraw,
        name="invitation_withdraw",
    ),
    path(
        "patients/<uuid:patient>/outcomes/<str:instrument>/new/",
        outcomes.give,
        name="outcome_give",
    ),
    path("tasks/", tasks.tasks, name="safety_tasks"),
    path("tasks/<uuid:task>/", tasks.task, name="safety_task"),
    # aftercare
    path("patients/<uuid:patient>/aftercare/", aftercare.aftercare, name="aftercare"),
    path("courses/<uuid:course>/aftercare/", aftercare.course_aftercare, name="course_aftercare"),
    path(
        "courses/<uuid:course>/aftercare/check-in/", aftercare.check_in, name="aftercare_check_in"
    ),
    path("courses/<uuid:course>/aftercare/relapse/", aftercare.relapse, name="aftercare_relapse"),
    path("courses/<uuid:course>/aftercare/card/", aftercare.crisis_card, name="crisis_card"),
]
