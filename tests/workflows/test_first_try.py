from tests.workflows.driver import *
from tests.workflows import records
async def test_x(house):
    deal = await live(house)
    st = await deal.settle()
    print(st.agenda, st.balance_minor)
    st = await deal.advance("2026-02-10")
    await deal.pay(st.balance_minor, "2026-02-10", "r1")
    st = await deal.advance("2026-05-10")
    print(st.stage, st.balance_minor, st.holds)
    for a in st.audit: print(a.at, a.actor, a.what, a.detail)
    await deal.pay(st.balance_minor, "2026-05-10", "r2")
    st = await deal.settle()
    st=await deal.ended()
    print(st.stage)
    print(records.dump(house.settings.home).keys())
async def test_y(real):
    deal = await live(real)
    st = await deal.settle()
    d= await deal.handle.describe()
    print(d.search_attributes)
